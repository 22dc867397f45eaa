import type { HostJournal } from "../evidence/journal.ts";

/** Whether the journal can carry a claim that something was not said: read whole, and without a hole between its ends. */
export const holdsEverything = (journal: HostJournal | undefined): journal is HostJournal =>
  journal?.first !== undefined &&
  journal.partial === undefined &&
  journal.unchecked === undefined &&
  journal.holes.length === 0;
