import { setFlagsFromString } from "node:v8";
import { exportEntries } from "./export-entries.ts";
import { entryLines } from "./entry-fields.ts";
import type { CommandStream } from "./host.ts";
import type { ByteStream } from "./process-stream.ts";

/**
 * Whether journalctl is asked for every entry that matches, however many these are. Such a question is put to it in the export format:
 * making JSON of an entry costs it ten times what finding the entry does (systemd 252 to 262).
 */
export const isBulk = (args: readonly string[]): boolean =>
  args.includes(JSON_FORMAT) &&
  args.includes(ALL) &&
  !args.some((arg) => arg.startsWith("--lines="));

const JSON_FORMAT = "--output=json";
/** The export format leaves nothing out. */
const ALL = "--all";

/** The same question in the export format. */
export const bulkArgs = (args: readonly string[]): readonly string[] =>
  args.filter((arg) => arg !== ALL).map((arg) => (arg === JSON_FORMAT ? "--output=export" : arg));

/**
 * While entries stream by, V8 lets the heap grow to 150 MB although next to nothing in it lives on. Told to care for size, and to look at
 * the old space whenever it has grown by a fifth, it needs 30 MB more for a million entries than for ten thousand, and not 150 (Node 24.21).
 */
const SMALL_HEAP = ["--optimize-for-size", "--heap-growing-percent=20"];

/** What journalctl answers to `bulkArgs`. */
export const bulkStream = ({ chunks, end }: ByteStream): CommandStream => {
  for (const flag of SMALL_HEAP) setFlagsFromString(flag);
  const entries = exportEntries(chunks);
  return { entries, lines: entryLines(entries), end };
};
