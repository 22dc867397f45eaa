import { bulkArgs, bulkStream, isBulk } from "./bulk-journal.ts";
import { awaitedStream, endedStream } from "./ended-stream.ts";
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
    const started = files().then((found) => {
      if (found.length === 0) return endedStream(NOTHING);
      return programs.runAsBytes !== undefined && isBulk(args)
        ? bulkStream(programs.runAsBytes(journalctl(found, bulkArgs(args))))
        : programs.runAsStream(journalctl(found, args));
    });
    return awaitedStream(started);
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
