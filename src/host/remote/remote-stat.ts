import * as v from "valibot";
import type { FileStat, FileType } from "../../evidence/reference.ts";
import { micros, nearestMicros } from "../../vocabulary.ts";

/** What stat(1) prints of one file, each field ended by a NUL: name, st_mode in hex, owner, group, size, and times with microseconds. */
export const STAT_FORMAT = String.raw`--printf=%n\0%f\0%u\0%g\0%s\0%.6Y\0%.6Z\0%.6W\0`;
const FIELDS = 8;

const whole = v.pipe(v.string(), v.regex(/^\d+$/u), v.transform(Number));
const time = v.pipe(
  v.string(),
  v.regex(/^-?\d+\.\d{6}$/u),
  v.transform((text) => nearestMicros(Number(text.replace(".", "")))),
);
/** A birth time that nobody kept is 0, or `-` in coreutils up to 8.31. */
const birth = v.union([
  time,
  v.pipe(
    v.literal("-"),
    v.transform(() => micros(0)),
  ),
]);
const mode = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]+$/u),
  v.transform((text) => Number.parseInt(text, 16)),
);
const record = v.tuple([v.string(), mode, whole, whole, whole, time, time, birth]);

/** st_mode's upper bits (inode(7)). */
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0o14, "socket"],
  [0o12, "symlink"],
  [0o10, "file"],
  [0o06, "block-device"],
  [0o04, "directory"],
  [0o02, "character-device"],
  [0o01, "fifo"],
]);

/** The files that stat(1) told of, by the names that it was given; nothing where the output is none of this form. */
export const statsIn = (printed: string): ReadonlyMap<string, FileStat> | undefined => {
  const fields = printed.split("\0");
  if (fields.pop() !== "" || fields.length % FIELDS !== 0) return undefined;
  const stats = new Map<string, FileStat>();
  for (let at = 0; at < fields.length; at += FIELDS) {
    const parsed = v.safeParse(record, fields.slice(at, at + FIELDS));
    if (!parsed.success) return undefined;
    const [name, bits, uid, gid, size, mtime, ctime, born] = parsed.output;
    const type = TYPES.get(bits >> 12);
    if (type === undefined) return undefined;
    stats.set(name, {
      type,
      mode: bits & 0o7777,
      uid,
      gid,
      size,
      mtime,
      ctime,
      ...(born > 0 ? { birth: born } : {}),
    });
  }
  return stats;
};
