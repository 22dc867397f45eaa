import type { HostJournal } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Micros } from "../vocabulary.ts";

/** Garbage collections of the Nix store, by nix-gc.service or by an operator's command through sudo, in order. */
const collections = ({ events }: HostJournal): readonly JournalRef[] =>
  events
    .filter(
      (event) =>
        event.kind === "garbage-collected" ||
        (event.kind === "operator" &&
          /\bnix-collect-garbage\b|\bnix(?:-store)?\s.*\bgc\b/u.test(event.command)),
    )
    .map(({ ref }) => ref);

/** The newest collection before a moment; of all where no moment is given. */
export const collectionBefore = (
  journal: HostJournal | undefined,
  time?: Micros,
): JournalRef | undefined =>
  journal === undefined
    ? undefined
    : collections(journal).findLast((ref) => time === undefined || ref.time <= time);
