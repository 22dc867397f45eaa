import { exportEntryAt } from "./export-format.ts";
import { entryJson, type EntryFields } from "./entry-json.ts";

/** How somebody saved a journal as text: journalctl's `-o export`, or its `-o json`, `json-pretty`, `json-sse`, `json-seq`. */
export type SavedFormat = "export" | "json";

/** The format of a text by how it begins; `undefined` for a text that is no saved journal. */
export const savedFormat = (bytes: Buffer): SavedFormat | undefined => {
  const begin = bytes.toString("latin1", 0, 256);
  if (/^(?:\p{Cc}|\s)*(?:data: )?\{/u.test(begin)) return "json";
  return /^\s*[A-Z0-9_]{1,64}(?:=|\n)/u.test(begin) ? "export" : undefined;
};

/** A piece of a text: from where to where, and the values of its fields as text; `undefined` where it is no entry. */
export interface SavedPiece {
  readonly from: number;
  readonly to: number;
  readonly values: ReadonlyMap<string, readonly string[]> | undefined;
  /** How many fields journalctl left out because they are long: it does without `--all`. */
  readonly leftOut: number;
}

/** Longer lines are no entries: journald's largest field makes one of this length. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;

/** The pieces of a text, one after the other. Total, whatever the bytes. */
export const savedPieces = (bytes: Buffer, format: SavedFormat): Iterable<SavedPiece> =>
  format === "json" ? jsonPieces(bytes) : exportPieces(bytes);

/** The entry of a piece as `journalctl -o json --all` prints it. */
export const pieceJson = (
  bytes: Buffer,
  format: SavedFormat,
  { from, to }: Pick<SavedPiece, "from" | "to">,
): string => {
  const piece = bytes.subarray(from, to);
  if (format === "json") {
    const text = piece.toString("utf8");
    // A line break stands between the members of an object; in a string it is written as \n.
    return text.replaceAll("\n", " ");
  }
  const found = exportEntryAt(piece, 0, true);
  return found.status === "entry" ? entryJson(found.fields) : "{}";
};

function* exportPieces(bytes: Buffer): Generator<SavedPiece> {
  for (let from = 0; from < bytes.length;) {
    const found = exportEntryAt(bytes, from, true);
    const to = found.status === "unfinished" ? bytes.length : found.end;
    if (found.status !== "entry") yield { from, to, values: undefined, leftOut: 0 };
    else if (found.fields.size > 0)
      yield { from, to, values: textValues(found.fields), leftOut: 0 };
    from = to;
  }
}

const textValues = (fields: EntryFields): ReadonlyMap<string, readonly string[]> =>
  new Map([...fields].map(([name, values]) => [name, values.map((one) => one.toString("utf8"))]));

const NEWLINE = 0x0a;
/** What stands in front of an object in `json-seq` (RFC 7464) and in `json-sse` (server-sent events). */
const RECORD_SEPARATOR = 0x1e;
const EVENT = "data: ";

function* jsonPieces(bytes: Buffer): Generator<SavedPiece> {
  for (let line = 0; line < bytes.length;) {
    const end = endOfLine(bytes, line);
    const from = line + prefixLength(bytes, line);
    // Only json-pretty leaves the brace alone on its line, and the one that closes it too.
    const isPretty = end - from === 1 && bytes[from] === OPEN;
    const to = isPretty ? endOfPretty(bytes, end) : end;
    if (!isBlank(bytes, from, to)) yield jsonPiece(bytes, from, to);
    line = to + 1;
  }
}

const OPEN = 0x7b;

const endOfLine = (bytes: Buffer, from: number): number => {
  const newline = bytes.indexOf(NEWLINE, from);
  return newline === -1 ? bytes.length : newline;
};

const endOfPretty = (bytes: Buffer, from: number): number => {
  const closing = bytes.indexOf("\n}", from);
  return closing === -1 ? bytes.length : endOfLine(bytes, closing + 1);
};

const prefixLength = (bytes: Buffer, from: number): number => {
  if (bytes[from] === RECORD_SEPARATOR) return 1;
  return bytes.toString("latin1", from, from + EVENT.length) === EVENT ? EVENT.length : 0;
};

const isBlank = (bytes: Buffer, from: number, to: number): boolean =>
  to - from <= 1 && bytes.toString("latin1", from, to).trim() === "";

const jsonPiece = (bytes: Buffer, from: number, to: number): SavedPiece => {
  const broken = { from, to, values: undefined, leftOut: 0 };
  if (to - from > MOST_LINE_BYTES) return broken;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString("utf8", from, to));
  } catch {
    return broken;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return broken;
  const entries = Object.entries(parsed);
  return {
    from,
    to,
    values: new Map(entries.map(([name, value]) => [name, jsonValues(value)])),
    leftOut: entries.filter(([, value]) => value === null).length,
  };
};

/** A string, an array of bytes, or an array of these; null is a value that is too long. */
const jsonValues = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (!Array.isArray(value)) return [];
  return value.length > 0 && value.every((byte) => typeof byte === "number")
    ? [Buffer.from(value).toString("utf8")]
    : value.flatMap((one: unknown) =>
        Array.isArray(one) || typeof one === "string" ? flat(one) : [],
      );
};

const flat = (value: string | readonly unknown[]): readonly string[] =>
  typeof value === "string"
    ? [value]
    : [Buffer.from(value.filter((byte) => typeof byte === "number")).toString("utf8")];
