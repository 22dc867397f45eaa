import * as v from "valibot";
import type { Host } from "../host/host.ts";
import { hasFailed } from "../host/present-values.ts";
import { micros, type Micros } from "../vocabulary.ts";
import { failureText } from "./read.ts";

/** One journal file by its header: the first and last entry that it holds, with their numbers. */
export interface JournalFile {
  /** The file's name, without its directory. */
  readonly name: string;
  readonly machine: string;
  /** The id of the count that the numbers belong to (`Sequential number ID`). */
  readonly numbering: string;
  readonly first: { readonly number: number; readonly time: Micros };
  readonly last: { readonly number: number; readonly time: Micros };
  readonly entries: number;
}

export interface HeadersRead {
  /** Files that hold an entry, in no order. */
  readonly files: readonly JournalFile[];
  /** Entries of all files together. */
  readonly entries: number;
  /** Headers that could not be understood. */
  readonly malformed: number;
  /** There are no files to ask: the journal is read without journalctl. */
  readonly hasNone?: true;
  /** journalctl did not say them all, and why. */
  readonly failure?: string;
}

const COUNT = /^(?<decimal>\d+)(?: \([0-9a-f]+\))?$/u;
const count = v.pipe(
  v.string(),
  v.transform((text) => Number(COUNT.exec(text)?.groups?.["decimal"] ?? Number.NaN)),
  v.safeInteger(),
);

/** `Sat 2025-09-27 04:41:39 UTC (63fc2b8a1c2c0)`: microseconds in the parentheses (252 to 262); without them it is as old as 245. */
const STAMP = /^\S+ (?<seconds>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)(?: \((?<hex>[0-9a-f]+)\))?$/u;
const time = v.pipe(
  v.string(),
  v.transform((text) => {
    const { seconds, hex } = STAMP.exec(text)?.groups ?? {};
    return hex === undefined ? Date.parse(seconds ?? "") * 1000 : Number.parseInt(hex, 16);
  }),
  v.safeInteger(),
  v.transform(micros),
);

const header = v.object({
  "file path": v.string(),
  "machine id": v.string(),
  "sequential number id": v.string(),
  "head sequential number": count,
  "tail sequential number": count,
  "head realtime timestamp": time,
  "tail realtime timestamp": time,
  "entry objects": count,
});

/** A file without an entry has no times. */
const empty = v.object({ "entry objects": v.literal("0") });

/** What `journalctl --header` says of every file that it opens: one process, whatever the size of the journal. */
export const readHeaders = async (host: Host): Promise<HeadersRead> => {
  const result = await host.run({ program: "journalctl", args: ["--header"] });
  const read = parseHeaders(result.stdout);
  if (result.failure === "not-possible") return { ...read, hasNone: true };
  return hasFailed(result) ? { ...read, failure: failureText(result) } : read;
};

/**
 * The words of journal_file_print_header (systemd, src/libsystemd/sd-journal/journal-file.c; read in 252, and the same labels up
 * to 262). Older ones capitalise the labels. Times are in UTC, because that is what every program is run with.
 *
 * @internal
 */
export const parseHeaders = (text: string): HeadersRead => {
  const files: JournalFile[] = [];
  let malformed = 0;
  for (const block of text.split(/^(?=File path: )/imu)) {
    if (!/^File path: /iu.test(block)) continue;
    const fields = fieldsOf(block);
    if (v.is(empty, fields)) continue;
    const parsed = v.safeParse(header, fields);
    if (parsed.success) files.push(fileOf(parsed.output));
    else malformed += 1;
  }
  return { files, entries: files.reduce((sum, { entries }) => sum + entries, 0), malformed };
};

const fieldsOf = (block: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    block.split("\n").flatMap((line) => {
      const at = line.indexOf(": ");
      return at === -1 ? [] : [[line.slice(0, at).toLowerCase(), line.slice(at + 2).trim()]];
    }),
  );

const fileOf = (fields: v.InferOutput<typeof header>): JournalFile => ({
  name: fields["file path"].slice(fields["file path"].lastIndexOf("/") + 1),
  machine: fields["machine id"],
  numbering: fields["sequential number id"],
  first: { number: fields["head sequential number"], time: fields["head realtime timestamp"] },
  last: { number: fields["tail sequential number"], time: fields["tail realtime timestamp"] },
  entries: fields["entry objects"],
});
