import type { CommandResult } from "./host.ts";
import type { JournalReader } from "./journal-reader.ts";
import { localPrograms, type Programs } from "./process.ts";

/**
 * What journalctl of this machine answers from journal files.
 *
 * @param files asked at each question, because whoever writes the files gives them other names meanwhile
 */
export const localJournal = (
  files: () => Promise<readonly string[]>,
  programs: Programs = localPrograms(),
): JournalReader => ({
  run: async (args) => {
    const found = await files();
    return found.length === 0 ? NOTHING : programs.runToEnd(journalctl(found, args));
  },
  stream: (args) => {
    const started = files().then((found) =>
      found.length === 0 ? undefined : programs.runAsStream(journalctl(found, args)),
    );
    return {
      lines: (async function* () {
        yield* (await started)?.lines ?? [];
      })(),
      end: started.then((stream) => stream?.end ?? NOTHING),
    };
  },
});

const NOTHING: CommandResult = {
  exitCode: 0,
  stdout: "",
  stderr: "No journal files were found.\n",
};

/** `--file` takes patterns, so that what is special in a name is escaped (glob(7)). */
const journalctl = (
  files: readonly string[],
  args: readonly string[],
): readonly [string, ...string[]] => [
  "journalctl",
  "--no-pager",
  ...files.map((file) => `--file=${file.replace(/[*?[\]{}\\]/gu, String.raw`\$&`)}`),
  ...args,
];
