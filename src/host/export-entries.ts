import type { EntryBatch } from "./host.ts";
import { JOURNAL_FIELDS, type JournalField, type JournalFields } from "./journal-fields.ts";

/**
 * The entries of a text in the journal export format (https://systemd.io/JOURNAL_EXPORT_FORMATS) as its bytes come, a batch for each piece
 * of them. Only fields that mvdoctor keeps are decoded, each with its first value; bytes that are no UTF-8 become U+FFFD. This is what
 * `journalctl --output=json --all` gives as well, for a fifth of the time that it takes (systemd 252 to 262).
 */
export async function* exportEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<EntryBatch> {
  const textOf = fieldTexts();
  /** The beginning of an entry that has not ended yet. */
  let rest: readonly Buffer[] = [];
  let length = 0;
  /** An entry that is larger than a piece is looked at again only when there is twice as much of it. */
  let enough = 0;
  for await (const chunk of chunks) {
    const pieces = [...rest, chunk];
    length += chunk.length;
    if (length < enough) {
      rest = pieces;
      continue;
    }
    const bytes = pieces.length === 1 ? chunk : Buffer.concat(pieces);
    const place: Place = { bytes, at: 0, isLast: false };
    yield entriesFrom(place, textOf);
    length -= place.at;
    rest = length === 0 ? [] : [bytes.subarray(place.at)];
    enough = place.at === 0 ? 2 * length : 0;
    if (length > MOST_ENTRY_BYTES) {
      yield [undefined];
      rest = [];
      length = 0;
      enough = 0;
    }
  }
  if (length > 0) yield entriesFrom({ bytes: Buffer.concat(rest), at: 0, isLast: true }, textOf);
}

/** Where the next entry begins in bytes. `isLast`: no bytes follow, so that what does not end is broken. */
interface Place {
  readonly bytes: Buffer;
  at: number;
  readonly isLast: boolean;
}

type TextOf = (field: number, bytes: Buffer, from: number, end: number) => string;

/** All entries that end in these bytes, each decoded when it is asked for: then no more than one of them is held. */
function* entriesFrom(place: Place, textOf: TextOf): Generator<JournalFields | undefined> {
  const { bytes, isLast } = place;
  while (place.at < bytes.length) {
    if (bytes[place.at] === NEWLINE) {
      place.at += 1;
      continue;
    }
    const read = entryAt(bytes, place.at, textOf);
    if (read.status === "entry") {
      place.at = read.end;
      yield read.fields;
      continue;
    }
    // What is broken goes as far as the next empty line.
    const empty = read.status === "broken" ? bytes.indexOf("\n\n", read.at) : -1;
    if (empty === -1 && !isLast) return;
    place.at = empty === -1 ? bytes.length : empty + 2;
    yield undefined;
  }
}

type Read =
  | { readonly status: "entry"; readonly fields: JournalFields; readonly end: number }
  | { readonly status: "broken"; readonly at: number }
  | { readonly status: "unfinished" };

const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const LONGEST_NAME = 64;
/** journald takes no larger value (systemd, journal-importer.h, DATA_SIZE_MAX is 768 MiB); what is larger here cannot be held. */
const MOST_VALUE_BYTES = 64 * 1024 * 1024;
/** What goes on for longer without an end is no entry. */
const MOST_ENTRY_BYTES = 2 * MOST_VALUE_BYTES;
const UNFINISHED = { status: "unfinished" } as const;

const entryAt = (bytes: Buffer, from: number, textOf: TextOf): Read => {
  const fields: Partial<Record<JournalField, string>> = {};
  let at = from;
  for (;;) {
    let hash = 0;
    let end = at;
    let byte = bytes[end];
    while (byte !== undefined && byte !== EQUALS && byte !== NEWLINE) {
      if (!isNameByte(byte) || end - at >= LONGEST_NAME) return { status: "broken", at };
      hash = nextHash(hash, byte);
      end += 1;
      byte = bytes[end];
    }
    if (byte === undefined) return UNFINISHED;
    if (end === at) {
      return byte === NEWLINE
        ? { status: "entry", fields, end: end + 1 }
        : { status: "broken", at: end };
    }
    const value = byte === EQUALS ? lineValue(bytes, end) : sizedValue(bytes, end);
    if (value === "unfinished") return UNFINISHED;
    if (value === "broken") return { status: "broken", at: end };
    const kept = KEPT.get(hash);
    if (kept !== undefined && kept.name.length === end - at && isAt(bytes, at, kept.bytes))
      fields[kept.name] ??= textOf(kept.index, bytes, value.from, value.end);
    at = value.end + 1;
  }
};

interface Value {
  readonly from: number;
  readonly end: number;
}

const lineValue = (bytes: Buffer, equals: number): Value | "unfinished" => {
  const end = bytes.indexOf(NEWLINE, equals + 1);
  return end === -1 ? "unfinished" : { from: equals + 1, end };
};

/** The length as 64 bits little endian, the bytes, and a newline. */
const sizedValue = (bytes: Buffer, newline: number): Value | "unfinished" | "broken" => {
  const from = newline + 9;
  if (from > bytes.length) return "unfinished";
  const length = bytes.readUInt32LE(newline + 1) + 0x1_0000_0000 * bytes.readUInt32LE(newline + 5);
  if (length > MOST_VALUE_BYTES) return "broken";
  const end = from + length;
  if (end >= bytes.length) return "unfinished";
  return bytes[end] === NEWLINE ? { from, end } : "broken";
};

/** Of `A-Z`, `0-9` and `_`. */
const isNameByte = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f;

const nextHash = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0;

interface KeptField {
  readonly name: JournalField;
  readonly bytes: Buffer;
  /** In JOURNAL_FIELDS. */
  readonly index: number;
}

/** By the hash of the name. Another name may have the same one, so that the bytes decide. */
const KEPT: ReadonlyMap<number, KeptField> = new Map(
  JOURNAL_FIELDS.map((name, index) => {
    const bytes = Buffer.from(name);
    return [bytes.reduce(nextHash, 0), { name, bytes, index }];
  }),
);

const isAt = (bytes: Buffer, at: number, wanted: Buffer): boolean => {
  for (let index = 0; index < wanted.length; index += 1)
    if (bytes[at + index] !== wanted[index]) return false;
  return true;
};

/** The value that a field had last, and where its bytes are. */
interface Known {
  bytes: Buffer;
  from: number;
  end: number;
  text: string;
}

/** Decodes values; most fields have the value that they had in the entry before, and then it is the same string. */
const fieldTexts = (): TextOf => {
  const last = JOURNAL_FIELDS.map((): Known => ({
    bytes: Buffer.alloc(0),
    from: 0,
    end: 0,
    text: "",
  }));
  return (field, bytes, from, end) => {
    const before = last[field];
    if (before === undefined) return bytes.toString("utf8", from, end);
    const length = end - from;
    if (length === before.end - before.from) {
      let index = 0;
      while (index < length && bytes[from + index] === before.bytes[before.from + index])
        index += 1;
      if (index === length) return before.text;
    }
    before.text = bytes.toString("utf8", from, end);
    before.bytes = bytes;
    before.from = from;
    before.end = end;
    return before.text;
  };
};
