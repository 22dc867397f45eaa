import type { VmJournal } from "../evidence/journal.ts";
import type { Host } from "../host/host.ts";
import {
  helperUnits,
  invocationMatches,
  unitMatches,
  vmIdentifiers,
  vmUnit,
} from "../journal/matches.ts";
import { readEntries, type ReadSummary, type Window } from "../journal/read.ts";
import type { Micros, UnitName, VmName } from "../vocabulary.ts";
import { startSorter, type SortedStarts } from "./start-sorter.ts";

export interface VmJournalRead {
  readonly journal: VmJournal;
  readonly summary: ReadSummary;
}

/**
 * Reads everything about one VM and its helper units.
 *
 * @param events when something happened on the host that may give the VM another runner: a long loop is held apart before and after
 */
export const collectVmJournal = async (
  host: Host,
  vm: VmName,
  window: Window,
  events: readonly Micros[] = [],
): Promise<VmJournalRead> => {
  const own = vmUnit(vm);
  const { starts, summary, ...rest } = await sortedStarts(
    host,
    { units: [own, ...helperUnits(vm)], identifiers: vmIdentifiers(vm), events },
    window,
  );
  const journal: VmJournal = {
    ...rest,
    invocations: starts.filter(({ unit }) => unit === own),
    helpers: starts.filter(({ unit }) => unit !== own),
    entries: summary.entries,
  };
  return { journal, summary };
};

/** What the journal holds about some units, whoever they belong to. */
export interface UnitsRead extends SortedStarts {
  readonly summary: ReadSummary;
}

/** Reads everything about these units, without helpers of their own. */
export const collectStarts = (
  host: Host,
  units: readonly UnitName[],
  window: Window,
): Promise<UnitsRead> => sortedStarts(host, { units, identifiers: [], events: [] }, window);

interface Question {
  readonly units: readonly UnitName[];
  readonly identifiers: readonly string[];
  readonly events: readonly Micros[];
}

const sortedStarts = async (
  host: Host,
  { units, identifiers, events }: Question,
  window: Window,
): Promise<UnitsRead> => {
  const asked = { units: new Set<string>(units), identifiers: new Set(identifiers) };
  const sorter = startSorter(asked, events);
  const summary = await readEntries(host, unitMatches(units, identifiers), window, sorter.take);
  const unexplained = sorter.unexplained();
  if (unexplained.length === 0) return { ...sorter.result(), summary };
  const nameless = await readEntries(
    host,
    invocationMatches(unexplained),
    window,
    sorter.takeNameless,
  );
  const failure = summary.failure ?? nameless.failure;
  return {
    ...sorter.result(),
    summary: {
      ...summary,
      malformed: summary.malformed + nameless.malformed,
      ...(failure === undefined ? {} : { failure }),
    },
  };
};
