import type { ClockStep } from "../evidence/journal.ts";
import type { JournalEntry } from "./entry.ts";
import { MESSAGE_ID } from "./message-ids.ts";

const SECOND = 1_000_000;
/** Less is no step but the way of an entry to journald. */
const LEAST_STEP = 10 * SECOND;
/** What a clock drifts and is slewed to make good, as a share of the time that went by: adjtimex(2) allows 500 parts in a million. */
const MOST_DRIFT = 0.001;

/**
 * Takes the entries of one query in the journal's order, and tells of a step of the host's time right before an entry: the two
 * clocks of neighbours of one boot went on by different amounts. The kernel's clock stands still while a machine sleeps, so a step
 * ahead may be a sleep.
 */
export const clockWatch = (): ((entry: JournalEntry) => readonly ClockStep[]) => {
  let previous: JournalEntry | undefined;
  return (entry) => {
    const before = previous;
    previous = entry;
    const isTold = entry.messageId === MESSAGE_ID.timeChange && entry.author === "manager";
    if (before === undefined || before.boot !== entry.boot)
      return isTold ? [{ boot: entry.boot, since: entry.time, until: entry.time }] : [];
    const elapsed = entry.monotonic - before.monotonic;
    const by = entry.time - before.time - elapsed;
    return Math.abs(by) >= Math.max(LEAST_STEP, Math.abs(elapsed) * MOST_DRIFT)
      ? [{ boot: entry.boot, since: before.time, until: entry.time, by }]
      : [];
  };
};
