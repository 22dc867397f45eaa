import { comparePositions, partsOfCursor, type Position } from "./journal-order.ts";
import type { Alternative } from "./journal-query.ts";
import { savedPieces, type SavedFormat } from "./saved-format.ts";

/** The fields that mvdoctor's matches name, and those that tell hosts and boots apart: all that a saved text can be asked for. */
export const INDEXED_FIELDS: ReadonlySet<string> = new Set([
  "CODE_FUNC",
  "COREDUMP_UNIT",
  "INVOCATION_ID",
  "MESSAGE_ID",
  "OBJECT_SYSTEMD_UNIT",
  "PRIORITY",
  "SYSLOG_IDENTIFIER",
  "UNIT",
  "_BOOT_ID",
  "_HOSTNAME",
  "_MACHINE_ID",
  "_PID",
  "_SYSTEMD_INVOCATION_ID",
  "_SYSTEMD_UNIT",
  "_TRANSPORT",
]);

/** One entry of a saved text. */
export interface SavedEntry {
  readonly position: Position;
  readonly from: number;
  readonly to: number;
  /** Its cursor is missing: it is the so manieth piece of its text. */
  readonly unnamed?: number;
}

/** What a text holds, so that a question reads only the entries that it is about. */
export interface SavedIndex {
  readonly entries: readonly SavedEntry[];
  /** Of each indexed field, its values, each with the entries that have it, in ascending order. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  /** It was saved with `--reverse`. */
  readonly isNewestFirst: boolean;
  readonly unreadable: number;
  /** Fields that journalctl left out because they are long. */
  readonly leftOut: number;
  /** Fields that every journal has and no entry of this text. */
  readonly lacking: readonly string[];
}

/** Reads a text once. Pieces that are no entry, or have no time, are counted. */
export const indexSaved = (bytes: Buffer, format: SavedFormat): SavedIndex => {
  const entries: SavedEntry[] = [];
  const places = new Map<string, Map<string, number[]>>();
  const seen = new Map<string, Set<number>>();
  const lacking = new Set(EXPECTED);
  let unreadable = 0;
  let leftOut = 0;
  let pieces = 0;
  for (const { from, to, values, leftOut: long } of savedPieces(bytes, format)) {
    pieces += 1;
    leftOut += long;
    const position = values === undefined ? undefined : positionOf(values);
    if (values === undefined || position === undefined) {
      unreadable += 1;
      continue;
    }
    // Two texts that overlap may have been joined.
    if (isSeen(position, seen)) continue;
    const hasCursor = values.has("__CURSOR");
    for (const field of lacking) if (values.has(field)) lacking.delete(field);
    for (const [field, texts] of values) {
      if (INDEXED_FIELDS.has(field)) addPlaces(places, field, texts, entries.length);
    }
    entries.push({ position, from, to, ...(hasCursor ? {} : { unnamed: pieces }) });
  }
  return {
    entries,
    places,
    isNewestFirst: isNewestFirst(entries),
    unreadable,
    leftOut,
    lacking: entries.length === 0 ? [] : [...lacking],
  };
};

/** The entries for which one of the alternatives holds, in ascending order; `undefined`: all. Every field must be an indexed one. */
export const entriesMatching = (
  { places }: SavedIndex,
  alternatives: readonly Alternative[],
): readonly number[] | undefined => {
  if (alternatives.some((alternative) => alternative.size === 0)) return undefined;
  const found = alternatives.flatMap((alternative) => {
    const [first = new Set<number>(), ...conditions] = [...alternative].map(
      ([field, values]) => new Set(values.flatMap((value) => places.get(field)?.get(value) ?? [])),
    );
    return [...first].filter((entry) => conditions.every((condition) => condition.has(entry)));
  });
  return [...new Set(found)].toSorted((a, b) => a - b);
};

/** What journald gives every entry but the kernel's, of which no journal consists alone. */
const EXPECTED = [
  "__CURSOR",
  "__MONOTONIC_TIMESTAMP",
  "_BOOT_ID",
  "_TRANSPORT",
  "_PID",
  "SYSLOG_IDENTIFIER",
  "MESSAGE",
];

const positionOf = (values: ReadonlyMap<string, readonly string[]>): Position | undefined => {
  const text = (field: string): string => values.get(field)?.[0] ?? "";
  const time = Number(text("__REALTIME_TIMESTAMP"));
  if (!Number.isSafeInteger(time) || time <= 0) return undefined;
  const monotonic = Number(text("__MONOTONIC_TIMESTAMP"));
  return {
    time,
    monotonic: Number.isSafeInteger(monotonic) ? monotonic : 0,
    boot: text("_BOOT_ID"),
    ...partsOfCursor(text("__CURSOR")),
  };
};

const isSeen = ({ numbering, number }: Position, seen: Map<string, Set<number>>): boolean => {
  if (numbering === "") return false;
  const numbers = seen.get(numbering) ?? new Set();
  seen.set(numbering, numbers);
  if (numbers.has(number)) return true;
  numbers.add(number);
  return false;
};

const addPlaces = (
  places: Map<string, Map<string, number[]>>,
  field: string,
  texts: readonly string[],
  entry: number,
): void => {
  const values = places.get(field) ?? new Map<string, number[]>();
  places.set(field, values);
  for (const text of texts) {
    const known = values.get(text);
    if (known === undefined) values.set(text, [entry]);
    else known.push(entry);
  }
};

/** What one journald numbered, or one boot's own clock timed, never goes back; one pair that goes ahead is enough. */
const isNewestFirst = (entries: readonly SavedEntry[]): boolean => {
  let descents = 0;
  for (const [index, { position }] of entries.entries()) {
    const before = entries[index - 1]?.position;
    if (before === undefined) continue;
    if (before.numbering !== position.numbering && before.boot !== position.boot) continue;
    const order = comparePositions(before, position);
    if (order < 0) return false;
    if (order > 0) descents += 1;
  }
  return descents > 0;
};
