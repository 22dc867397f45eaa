import { nearestMicros, type Micros } from "../vocabulary.ts";

/** One record of `git log` in the format below. */
export interface LoggedCommit {
  readonly hash: string;
  readonly authored: Micros;
  readonly committed: Micros;
  readonly parents: readonly string[];
  readonly subject: string;
  readonly files: readonly string[];
}

/** To be given with `--name-only`. A record begins with 0x1E, which git writes in no name of a file. */
export const LOG_FORMAT = "--format=%x1e%H%x1f%at%x1f%ct%x1f%P%x1f%s";

const RECORD = "\u001E";
const FIELD = "\u001F";

/** Reads the output of `git log` with `LOG_FORMAT`; lines that stand before a record are dropped. */
export const parseLog = (output: string): readonly LoggedCommit[] => {
  const commits: (LoggedCommit & { readonly files: string[] })[] = [];
  for (const line of output.split("\n")) {
    if (!line.startsWith(RECORD)) {
      if (line !== "") commits.at(-1)?.files.push(line);
      continue;
    }
    const [hash = "", authored, committed, parents = "", ...subject] = line.slice(1).split(FIELD);
    commits.push({
      hash,
      authored: seconds(authored),
      committed: seconds(committed),
      parents: parents.split(" ").filter(Boolean),
      subject: subject.join(" "),
      files: [],
    });
  }
  return commits;
};

const seconds = (text: string | undefined): Micros => nearestMicros(Number(text ?? 0) * 1_000_000);
