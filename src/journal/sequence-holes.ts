import type { Boot, SequenceHole } from "../evidence/journal.ts";
import { micros, type BootId, type Micros } from "../vocabulary.ts";
import type { JournalFile } from "./headers.ts";

/**
 * Entries that were numbered and are in no file: between two neighbouring files of one count, numbers are missing that no other
 * file of that machine can hold. In the order of time. Measured on 252 and read in journal-file.c:
 * - journald gives one count to all its files, those of users too; before 254 each user's file has an id of its own all the same,
 *   so a number that system files lack may lie there;
 * - a rotation may use up a number without an entry;
 * - a boot numbers what it wrote to /run and, when /var is there, writes it anew with the next numbers.
 */
export const sequenceHoles = (
  files: readonly JournalFile[],
  boots: readonly Boot[],
): readonly SequenceHole[] => {
  const holes = Object.values(
    Object.groupBy(
      files.filter((file) => !isUsers(file)),
      ({ machine, numbering }) => `${machine} ${numbering}`,
    ),
  ).flatMap((chain) => holesIn(chain ?? [], { files, boots }));
  return holes.toSorted((a, b) => a.since - b.since || a.after - b.after);
};

interface Surroundings {
  readonly files: readonly JournalFile[];
  readonly boots: readonly Boot[];
}

const holesIn = (
  chain: readonly JournalFile[],
  surroundings: Surroundings,
): readonly SequenceHole[] => {
  const [oldest, ...later] = chain.toSorted((a, b) => a.first.number - b.first.number);
  if (oldest === undefined) return [];
  const holes: SequenceHole[] = [];
  let before = oldest;
  for (const next of later) {
    const hole = holeBetween(before, next, surroundings);
    if (hole !== undefined && !isFrontier(before === oldest, hole, surroundings)) holes.push(hole);
    if (next.last.number > before.last.number) before = next;
  }
  return holes;
};

/** Fewer may be numbers that rotations used up. */
const LEAST_MISSING = 10;

const holeBetween = (
  before: JournalFile,
  next: JournalFile,
  { files, boots }: Surroundings,
): SequenceHole | undefined => {
  const [after, until] = [before.last.number, next.first.number];
  if (until - after - 1 < LEAST_MISSING) return undefined;
  const held = files
    .filter((file) => file.machine === before.machine && mayHold(file, before, next))
    .reduce((sum, file) => sum + mostWithin(file, after, until), 0);
  const count = until - after - 1 - held;
  if (count < LEAST_MISSING) return undefined;
  const boot = bootAt(boots, next.first.time);
  const isOneBoot = boot !== undefined && bootAt(boots, before.last.time) === boot;
  if (!isOneBoot && until <= MOST_BEFORE_FLUSH) return undefined;
  return {
    since: micros(Math.min(before.last.time, next.first.time)),
    until: micros(Math.max(before.last.time, next.first.time)),
    count,
    after,
    before: until,
    ...(isOneBoot ? { boot } : {}),
  };
};

/** Lines that a boot may write before its journal moves to /var; with the debug log of an initrd they are some ten thousand. */
const MOST_BEFORE_FLUSH = 50_000;

/** A file of a user, or one with an id of its own, that was written to between the two. */
const mayHold = (file: JournalFile, before: JournalFile, next: JournalFile): boolean =>
  (file.numbering !== before.numbering || isUsers(file)) &&
  file.first.time <= next.first.time &&
  file.last.time >= before.last.time;

/** A file holds no more numbers of a span than it has entries, nor than its own numbers reach into it. */
const mostWithin = ({ first, last, entries }: JournalFile, after: number, until: number): number =>
  Math.min(
    entries,
    Math.max(0, Math.min(last.number, until - 1) - Math.max(first.number, after + 1) + 1),
  );

/** Old files are vacuumed oldest first, so what users wrote beside the oldest one that is left may be gone already. */
const isFrontier = (
  isOldest: boolean,
  { since, until }: SequenceHole,
  { files }: Surroundings,
): boolean => isOldest && files.some(isUsers) && until - since < BUSY;

/** The system's own journal of a running host has a line at least this often, in microseconds. */
const BUSY = 30 * 60 * 1_000_000;

/** `user-1000.journal`, `user-1000@...journal`: what the sessions of a user wrote, never what a system unit did. */
const isUsers = ({ name }: JournalFile): boolean => /^user-\d+[.@]/u.test(name);

const bootAt = (boots: readonly Boot[], time: Micros): BootId | undefined =>
  boots.findLast(({ first, last }) => first <= time && time <= last)?.id;
