import type { JournalHole } from "../evidence/journal.ts";
import type { Host } from "../host/host.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { firstEntryAfter, lastEntryBefore, type Window } from "../journal/read.ts";
import { micros, type Micros } from "../vocabulary.ts";

export interface Silences {
  readonly holes: readonly JournalHole[];
  /** Why not all of the span could be looked at. */
  readonly unchecked?: string;
}

/**
 * The holes between two moments: spans of at least `least` microseconds in which nobody at all wrote a line.
 * Jumps ahead from entry to entry, so that a silent hour costs a few reads and a busy one is not read at all.
 * It asks at round times of the clock, so that of two spans that begin with a line the longer one asks all that the other does,
 * and a recording of it answers for both.
 */
export const findHoles = async (
  host: Host,
  span: { readonly since: Micros; readonly until: Micros },
  least: number,
  window: Window,
): Promise<Silences> => {
  const holes: JournalHole[] = [];
  const step = stepFor(span.until - span.since, least / 2);
  let probe = roundUp(span.since + 1, step);
  while (probe < span.until) {
    const next = await firstEntryAfter(host, probe, window);
    if (next.status === "unknown") return { holes, unchecked: next.why };
    const found =
      next.status === "none" ? span.until : micros(Math.min(next.entry.time, span.until));
    if (found - probe >= step) {
      const before = await lastEntryBefore(host, probe, window);
      if (before.status === "unknown") return { holes, unchecked: before.why };
      const since =
        before.status === "none" ? span.since : micros(Math.max(before.entry.time, span.since));
      const isProven =
        host.ownJournal &&
        before.status === "found" &&
        next.status === "found" &&
        follows(before.entry, next.entry);
      if (found - since >= least && !isProven) holes.push({ since, until: found });
    }
    probe = roundUp(Math.max(found, probe) + 1, step);
  }
  return { holes };
};

/**
 * Entries with neighbouring sequence numbers have nothing lost between them: the host was silent. Only on the host that wrote the
 * journal, since systemd-journal-remote numbers what it writes anew.
 */
const follows = (before: JournalEntry, next: JournalEntry): boolean => {
  const [a, b] = [before, next].map(({ fields }) => ({
    id: fields["__SEQNUM_ID"],
    number: Number(fields["__SEQNUM"]),
  }));
  return a?.id !== undefined && a.id === b?.id && a.number + 1 === b.number;
};

/** A long span is looked at in wider steps: twice as many at most, since a step is doubled or not. */
const MOST_PROBES = 200;

/** A hole of two steps or more has a multiple of the step in its first half, wherever it lies. */
const stepFor = (length: number, least: number): number =>
  least * 2 ** Math.max(0, Math.floor(Math.log2(length / MOST_PROBES / least)));

const roundUp = (time: number, step: number): Micros => micros(Math.ceil(time / step) * step);
