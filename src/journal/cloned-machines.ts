import type { Boot } from "../evidence/journal.ts";
import { journalOnly, type JournalReader } from "../host/journal-reader.ts";
import { readBoots } from "./boots.ts";

/** A clock that was wrong for a moment makes boots of one machine overlap too. */
const LEAST_OVERLAP = 5 * 60 * 1_000_000;

/**
 * Whether journals with one machine id are of several machines: two boots at the same time, each in another journal. So it is where an image
 * was cloned together with its /etc/machine-id (machine-id(5) says that it must not be).
 */
export const areOfClones = async (journals: readonly JournalReader[]): Promise<boolean> => {
  const boots = await Promise.all(
    journals.map(async (journal) => (await readBoots(journalOnly(journal, ""))).boots),
  );
  return boots.some((own, index) =>
    boots.slice(index + 1).some((others) => own.some((a) => others.some((b) => areAtOnce(a, b)))),
  );
};

const areAtOnce = (a: Boot, b: Boot): boolean =>
  a.id !== b.id && Math.min(a.last, b.last) - Math.max(a.first, b.first) >= LEAST_OVERLAP;
