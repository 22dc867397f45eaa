/** Where an entry stands among others: what its cursor says of it (systemd, sd-journal.c, sd_journal_get_cursor). */
export interface Position {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly monotonic: number;
  readonly boot: string;
  /** Whose numbering `number` belongs to; empty where the entry has none. */
  readonly numbering: string;
  readonly number: number;
  /** A hash over the content, `x` of the cursor; empty where the entry has none. */
  readonly hash: string;
}

/** The parts of a cursor that a position is made of: `s=...;i=...;b=...;m=...;t=...;x=...`, numbers in hexadecimal. */
export const partsOfCursor = (cursor: string): Pick<Position, "numbering" | "number" | "hash"> => {
  const parts = new Map(
    cursor.split(";").map((part) => [part.slice(0, 1), part.slice(2)] as const),
  );
  const number = Number.parseInt(parts.get("i") ?? "", 16);
  return Number.isSafeInteger(number)
    ? { numbering: parts.get("s") ?? "", number, hash: parts.get("x") ?? "" }
    : { numbering: "", number: 0, hash: "" };
};

/**
 * Which of two entries of different sources comes first, as journalctl decides it: by number where one journald numbered both, by the
 * boot's own clock within one boot, else by the time (systemd 252, sd-journal.c, compare_with_location).
 */
export const comparePositions = (a: Position, b: Position): number => {
  if (a.numbering !== "" && a.numbering === b.numbering) return a.number - b.number;
  if (a.boot !== "" && a.boot === b.boot && a.monotonic !== b.monotonic)
    return a.monotonic - b.monotonic;
  if (a.time !== b.time) return a.time - b.time;
  if (a.hash === b.hash) return 0;
  return a.hash < b.hash ? -1 : 1;
};

/** Something that stands somewhere. */
interface Positioned {
  readonly position: Position;
}

/**
 * Merges sources that are each in order (or, with `direction` -1, each in reverse) into one; an entry that several of them hold comes
 * once.
 */
export async function* mergeInOrder<Entry extends Positioned>(
  sources: readonly AsyncIterable<Entry, void>[],
  direction: 1 | -1,
): AsyncGenerator<Entry, void> {
  const readers = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(readers.map((reader) => reader.next()));
    for (;;) {
      const waiting = heads.flatMap((head) => (head.done === true ? [] : [head.value]));
      const [first] = waiting.toSorted(
        (a, b) => direction * comparePositions(a.position, b.position),
      );
      if (first === undefined) return;
      for (const [index, reader] of readers.entries()) {
        const head = heads[index];
        // Two entries of one source are never the same one, whatever they look like.
        if (head?.done === false && (head.value === first || isSame(head.value, first)))
          heads[index] = await reader.next();
      }
      yield first;
    }
  } finally {
    for (const reader of readers) await reader.return?.();
  }
}

/** Without a number or a hash nothing tells that two entries of one moment are the same one. */
const isSame = (a: Positioned, b: Positioned): boolean =>
  (a.position.hash !== "" || a.position.numbering !== "") &&
  comparePositions(a.position, b.position) === 0;
