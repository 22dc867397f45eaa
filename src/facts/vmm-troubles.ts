import type { Invocation } from "../evidence/journal.ts";
import type { VmmTrouble } from "../evidence/output.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { InvocationId } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { countOf, endOfStart, guestSpoke, hasFailed, meaningsIn } from "./starts.ts";

/** One kind of trouble in the starts of one phase, or in helper units before any start. */
export interface Trouble {
  readonly phase?: Phase;
  readonly starts: readonly InvocationId[];
  /** How many starts met it; of a long loop not all are held. */
  readonly count: number;
  readonly first: JournalRef;
  readonly last: JournalRef;
  /** The device, file or option that the newest line names. */
  readonly object?: string;
  readonly standing: Standing;
}

/**
 * `down`: the newest starts fail with it. `again`: so do starts of a later phase. `left`: the starts of an earlier phase failed with it, and no later start went well, so nothing
 * shows that it is repaired. `over`: a start went well with it or after it.
 */
export type Standing = "down" | "again" | "left" | "over";

/** Where the VMM, or the runner around it, met this. */
export const troublesOf = (history: History, about: VmmTrouble): readonly Trouble[] =>
  history.phases.flatMap((phase) =>
    troubleIn(
      history,
      phase,
      (start) =>
        beforeGuest(
          start,
          meaningsIn(start, "vmm-error").filter(({ meaning }) => meaning.about === about),
        ),
      // Once its guest speaks, the VMM has all that it asked for; only emulation in the place of KVM is felt later, as slowness.
      (start) =>
        failedByItself(start) &&
        (guestSpoke(start) === undefined || (about === "kvm" && start.result?.value === "timeout")),
    ),
  );

/** It failed, and not because it was being stopped. */
const failedByItself = (start: Invocation): boolean =>
  hasFailed(start) && start.stopping === undefined;

/** What was written before the guest's first word: behind it, the same words may be the guest's own. */
export const beforeGuest = <Line extends { readonly ref: JournalRef }>(
  start: Invocation,
  signs: readonly Line[],
): readonly Line[] => {
  const spoke = guestSpoke(start);
  return spoke === undefined ? signs : signs.filter(({ ref }) => ref.time <= spoke.time);
};

/** A line that shows a trouble, with what it names. */
export interface Sign {
  readonly ref: JournalRef;
  readonly meaning?: { readonly object?: string };
}

/** The starts of a phase that show a sign; nothing where none does. */
export const troubleIn = (
  history: History,
  phase: Phase,
  signsOf: (start: Invocation) => readonly Sign[],
  isEndedByIt: (start: Invocation) => boolean = failedByItself,
): readonly Trouble[] => {
  const met = phase.starts
    .map((start) => ({ start, signs: signsOf(start) }))
    .filter(({ signs }) => signs.length > 0);
  const signs = met.flatMap((one) => one.signs);
  const [first] = signs;
  const last = signs.at(-1);
  if (first === undefined || last === undefined) return [];
  const object = last.meaning?.object;
  return [
    {
      phase,
      starts: met.map(({ start }) => start.id),
      count: countOf(met.map(({ start }) => start)),
      first: first.ref,
      last: last.ref,
      ...(object === undefined ? {} : { object }),
      standing: standingOf(
        history,
        phase,
        met.map(({ start }) => start),
        { signsOf, isEndedByIt },
      ),
    },
  ];
};

interface Looks {
  readonly signsOf: (start: Invocation) => readonly Sign[];
  readonly isEndedByIt: (start: Invocation) => boolean;
}

const standingOf = (
  history: History,
  phase: Phase,
  met: readonly Invocation[],
  { signsOf, isEndedByIt }: Looks,
): Standing => {
  const failed = met.filter(isEndedByIt);
  if (failed.length === 0) return "over";
  const later = history.phases.filter(({ index }) => index > phase.index);
  if (later.some(({ starts }) => starts.some((start) => !failedByItself(start)))) return "over";
  if (later.some(({ starts }) => starts.some((start) => signsOf(start).length > 0))) return "again";
  if (later.some(({ starts }) => starts.length > 0)) return "left";
  // A start that is under way beside ones that failed is the next round of their loop.
  const ended = phase.starts.filter((start) => endOfStart(start) !== undefined);
  const final = ended.at(-1);
  if (final === undefined || !failedByItself(final)) return "over";
  if (history.running && phase.starts.at(-1) === final) return "over";
  return met.includes(final) || countOf(failed) * 2 >= countOf(ended) ? "down" : "over";
};
