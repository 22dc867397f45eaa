import {
  collected,
  valueOf,
  type Collected,
  type CollectedEvidence,
} from "../evidence/evidence.ts";
import type { HostJournal, VmJournal } from "../evidence/journal.ts";

const NO_STARTS: VmJournal = {
  invocations: [],
  helpers: [],
  skipped: [],
  limits: [],
  failedJobs: [],
  stops: [],
  entries: 0,
};
/** A journal that holds nothing. */
export const NO_JOURNAL: HostJournal = {
  boots: [],
  events: [],
  suppressed: [],
  clockSteps: [],
  holes: [],
  sequenceHoles: [],
  shortfalls: [],
};

/**
 * The evidence as it lies before the next start: files, links, unit and runner as they are now, and nothing that an earlier start
 * did. What rules find in it is what the next start would meet.
 */
export const aheadOfStart = (evidence: CollectedEvidence): CollectedEvidence => ({
  ...evidence,
  vmJournal: collected(NO_STARTS),
  hostJournal: collected({
    ...(valueOf(evidence.hostJournal) ?? NO_JOURNAL),
    events: [],
  }),
  unit: mapped(evidence.unit, (unit) => ({ ...unit, live: undefined })),
  state: mapped(evidence.state, (state) => {
    const { booted: _booted, ...links } = state.links;
    return { ...state, links };
  }),
  runners: mapped(evidence.runners, ({ current }) => (current === undefined ? {} : { current })),
});

const mapped = <T>(found: Collected<T>, change: (value: T) => T): Collected<T> =>
  found.status === "collected" ? collected(change(found.value)) : found;
