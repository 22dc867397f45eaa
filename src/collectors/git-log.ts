import type { Micros } from "../vocabulary.ts";
import { micros } from "../vocabulary.ts";

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

const RECORD =
  /^\u001E(?<hash>[0-9a-f]{40,64})\u001F(?<authored>\d+)\u001F(?<committed>\d+)\u001F(?<parents>[0-9a-f ]*)\u001F(?<subject>.*)$/u;

/** Reads the output of `git log` with `LOG_FORMAT`; lines that stand before a record are dropped. */
export const parseLog = (output: string): readonly LoggedCommit[] => {
  const commits: (LoggedCommit & { files: string[] })[] = [];
  for (const line of output.split("\n")) {
    const record = RECORD.exec(line)?.groups;
    if (record === undefined) {
      if (line !== "") commits.at(-1)?.files.push(line);
      continue;
    }
    commits.push({
      hash: record["hash"] ?? "",
      authored: seconds(record["authored"]),
      committed: seconds(record["committed"]),
      parents: (record["parents"] ?? "").split(" ").filter(Boolean),
      subject: record["subject"] ?? "",
      files: [],
    });
  }
  return commits;
};

const seconds = (text: string | undefined): Micros => micros(Number(text ?? 0) * 1_000_000);
