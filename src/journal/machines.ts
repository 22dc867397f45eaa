import { hasFailed, presentValues } from "../host/present-values.ts";
import type { JournalReader } from "../host/journal-reader.ts";

/** What no entry tells. */
export const UNKNOWN_MACHINE = "unknown";

export interface MachinesRead {
  /** Those with an entry that matches, sorted; UNKNOWN_MACHINE where no entry says which machine it was. */
  readonly machines: readonly string[];
  /** Several wrote it, matching or not. */
  readonly isShared: boolean;
  readonly complaint?: string;
}

/** The machines that wrote a journal, by their entries' _MACHINE_ID: a file's header names the one that received it. */
export const machinesIn = async (
  journal: JournalReader,
  matches: readonly string[],
): Promise<MachinesRead> => {
  const listed = await journal.run(["--field=_MACHINE_ID"]);
  if (hasFailed(listed)) return { machines: [], isShared: false, complaint: listed.stderr.trim() };
  const all = listed.stdout
    .split("\n")
    .filter((id) => /^[0-9a-f]{32}$/u.test(id))
    .toSorted();
  const isShared = all.length > 1;
  if (matches.length === 0 && all.length > 0) return { machines: all, isShared };
  if (all.length === 0) {
    const any = await journal.run(["--output=json", "--lines=1", ...matches]);
    return { machines: any.stdout === "" ? [] : [UNKNOWN_MACHINE], isShared: false };
  }
  const present = await presentValues(journal, { field: "_MACHINE_ID", values: all, matches });
  return present.status === "known"
    ? { machines: present.values, isShared }
    : { machines: [], isShared, complaint: present.result.stderr.trim() };
};
