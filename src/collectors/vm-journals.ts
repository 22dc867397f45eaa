import type { VmJournal } from "../evidence/journal.ts";
import type { Host } from "../host/host.ts";
import { helperUnits, unitMatches, vmIdentifiers, vmUnit } from "../journal/matches.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { readEntries, type ReadSummary, type Window } from "../journal/read.ts";
import type { Micros, UnitName, VmName } from "../vocabulary.ts";
import { startSorter, type StartSorter } from "./start-sorter.ts";
import type { VmJournalRead } from "./vm-journal.ts";

/**
 * journalctl looks at every match for each entry that it finds: of 100,000 entries it prints all within 0.5 s, and takes 3.4 s to find
 * those of 300 VMs by 900 matches (systemd 252). From so many VMs on all entries are read, and told apart here.
 */
const FEW = 8;

export interface ManyVms {
  readonly vms: readonly VmName[];
  /** When something happened on the host that may give a VM another runner. */
  readonly events: readonly Micros[];
  /** Each VM is asked for in a question of its own, as a diagnosis of it does: a recording has the answers to these. */
  readonly eachAlone: boolean;
}

/** Reads the journal once for all of these VMs. Lines that only the id of a start leads to are not looked for. */
export const collectVmJournals = async (
  host: Host,
  { vms, events, eachAlone }: ManyVms,
  window: Window,
): Promise<ReadonlyMap<VmName, VmJournalRead>> => {
  const shelves = vms.map((vm) => shelfOf(vm, events));
  if (eachAlone) {
    const reads = new Map<VmName, VmJournalRead>();
    for (const shelf of shelves)
      reads.set(shelf.vm, journalOn(shelf, await readOnto([shelf], host, window)));
    return reads;
  }
  const summary = await readOnto(shelves, host, window);
  return new Map(shelves.map((shelf) => [shelf.vm, journalOn(shelf, summary)]));
};

/** Where the lines of one VM are put. */
interface Shelf {
  readonly vm: VmName;
  readonly own: UnitName;
  readonly units: readonly UnitName[];
  readonly identifiers: readonly string[];
  readonly sorter: StartSorter;
  entries: number;
}

const shelfOf = (vm: VmName, events: readonly Micros[]): Shelf => {
  const own = vmUnit(vm);
  const units = [own, ...helperUnits(vm)];
  const identifiers = vmIdentifiers(vm);
  const asked = { units: new Set<string>(units), identifiers: new Set(identifiers) };
  return { vm, own, units, identifiers, sorter: startSorter(asked, events), entries: 0 };
};

const readOnto = (shelves: readonly Shelf[], host: Host, window: Window): Promise<ReadSummary> => {
  const byUnit = new Map<string, Shelf>(
    shelves.flatMap((shelf) => shelf.units.map((unit) => [unit, shelf] as const)),
  );
  const matches =
    shelves.length > FEW
      ? []
      : unitMatches(
          shelves.flatMap(({ units }) => units),
          shelves.flatMap(({ identifiers }) => identifiers),
        );
  const take = (entry: JournalEntry): void => {
    const shelf = entry.unit === undefined ? undefined : byUnit.get(entry.unit);
    if (shelf === undefined) return;
    shelf.entries += 1;
    shelf.sorter.take(entry);
  };
  return readEntries(host, matches, window, take);
};

const journalOn = ({ own, sorter, entries }: Shelf, summary: ReadSummary): VmJournalRead => {
  const { starts, ...rest } = sorter.result();
  const journal: VmJournal = {
    ...rest,
    invocations: starts.filter(({ unit }) => unit === own),
    helpers: starts.filter(({ unit }) => unit !== own),
    entries,
  };
  return { journal, summary };
};
