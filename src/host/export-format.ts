import type { EntryFields } from "./entry-json.ts";

/** What stands at a place of a text in the export format. */
export type ExportPiece =
  | { readonly status: "entry"; readonly fields: EntryFields; readonly end: number }
  /** Something that is no entry, up to `end`. */
  | { readonly status: "broken"; readonly end: number }
  /** The bytes end before the entry does. */
  | { readonly status: "unfinished" };

const NEWLINE = 0x0a;
const FIELD = /^[A-Z0-9_]{1,64}$/u;

/**
 * The entry that begins at `from`, in the journal export format (https://systemd.io/JOURNAL_EXPORT_FORMATS): `NAME=value` lines; for
 * values of any bytes the name alone, their length as 64 bits little endian, the bytes; and an empty line behind the last field.
 * `isLast`: no bytes follow these, so that the entry may end with them.
 */
export const exportEntryAt = (bytes: Buffer, from: number, isLast: boolean): ExportPiece => {
  const fields = new Map<string, Values>();
  let at = from;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline === -1) {
      if (!isLast) return { status: "unfinished" };
      // A text that ends in the middle of a line has lost a part of the entry.
      return at < bytes.length
        ? { status: "broken", end: bytes.length }
        : entryOf(fields, bytes.length);
    }
    if (newline === at) return entryOf(fields, newline + 1);
    const equals = bytes.subarray(at, newline).indexOf("=");
    const name = bytes.toString("latin1", at, equals === -1 ? newline : at + equals);
    if (!FIELD.test(name)) return brokenAt(bytes, newline, isLast);
    if (equals !== -1) {
      addValue(fields, name, bytes.subarray(at + equals + 1, newline));
      at = newline + 1;
      continue;
    }
    const begin = newline + 9;
    const length = begin > bytes.length ? undefined : bytes.readBigUInt64LE(newline + 1);
    if (length !== undefined && length > MOST_VALUE_BYTES) return brokenAt(bytes, newline, isLast);
    const end = begin + Number(length ?? 0);
    if (length === undefined || end >= bytes.length)
      return isLast ? { status: "broken", end: bytes.length } : { status: "unfinished" };
    if (bytes[end] !== NEWLINE) return brokenAt(bytes, newline, isLast);
    addValue(fields, name, bytes.subarray(begin, end));
    at = end + 1;
  }
};

/** journald takes no larger value (systemd, journal-importer.h, DATA_SIZE_MAX is 768 MiB); what is larger here cannot be held. */
const MOST_VALUE_BYTES = 64n * 1024n * 1024n;

/** The fields of an entry; several empty lines in a row are one. */
const entryOf = (fields: ReadonlyMap<string, Values>, end: number): ExportPiece => ({
  status: "entry",
  fields: new Map([...fields].map(([name, values]) => [name, [...values.values()]])),
  end,
});

/** The values of one field, by their bytes: journald keeps each once. */
type Values = Map<string, Buffer>;

const addValue = (fields: Map<string, Values>, name: string, value: Buffer): void => {
  const values = fields.get(name);
  const key = value.toString("latin1");
  if (values === undefined) fields.set(name, new Map([[key, value]]));
  else if (!values.has(key)) values.set(key, value);
};

/** What is broken goes as far as the next empty line. */
const brokenAt = (bytes: Buffer, from: number, isLast: boolean): ExportPiece => {
  const empty = bytes.indexOf("\n\n", from);
  if (empty !== -1) return { status: "broken", end: empty + 2 };
  return isLast ? { status: "broken", end: bytes.length } : { status: "unfinished" };
};
