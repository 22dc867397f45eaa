import { valueOf, type CollectedEvidence } from "../../evidence/evidence.ts";
import type { VmJournal } from "../../evidence/journal.ts";
import type { History } from "../../facts/history.ts";
import { isVmUnit } from "../../facts/wording.ts";
import type { TimelineRow } from "../finding.ts";
import { changeRow, hostRows } from "./host-rows.ts";
import { repeatsTogether } from "./repeats.ts";
import { phaseRows } from "./start-rows.ts";

interface TimelineWishes {
  /** Every start of a crash loop and every repeated line is a row of its own. */
  readonly everyStart: boolean;
  /** The span that was asked for; files tell of times outside of it. */
  readonly window: { readonly since?: number; readonly until?: number };
}

/** Everything of one VM's story on one axis, causes and effects; a crash loop is one row. */
export const timelineRows = (
  history: History,
  evidence: CollectedEvidence,
  { everyStart, window }: TimelineWishes,
): readonly TimelineRow[] => {
  const journal = valueOf(evidence.vmJournal);
  const rows = [
    ...history.changes.map((change) => changeRow(change, valueOf(evidence.generations))),
    ...hostRows(evidence),
    ...history.phases.flatMap((phase) => phaseRows(phase, everyStart)),
    ...(journal === undefined ? [] : journalRows(journal)),
  ]
    .filter(
      ({ time, until = time }) =>
        until >= (window.since ?? -Infinity) && time <= (window.until ?? Infinity),
    )
    .toSorted((a, b) => a.time - b.time)
    .map(inPhases(history));
  return everyStart ? rows : repeatsTogether(rows);
};

/** Gives rows, which come in order, the last phase that had begun by then; a clock that was set back lets phases begin out of order. */
const inPhases = ({ phases }: History): ((row: TimelineRow) => TimelineRow) => {
  const waiting = phases.toSorted((a, b) => b.start - a.start);
  let newest = 0;
  return (row) => {
    while ((waiting.at(-1)?.start ?? Infinity) <= row.time)
      newest = Math.max(newest, waiting.pop()?.index ?? 0);
    return newest === 0 ? row : { ...row, phase: newest };
  };
};

/** What systemd says of the VM that is no start of it, and what failed beside it. */
const journalRows = (journal: VmJournal): readonly TimelineRow[] => [
  ...journal.skipped
    .filter(({ unit }) => isVmUnit(unit))
    .map(({ ref }): TimelineRow => ({
      time: ref.time,
      kind: "skipped",
      text: "systemd skipped the start: a condition did not hold",
      evidence: ref,
    })),
  ...[
    ...journal.stops.filter(({ unit }) => isVmUnit(unit)),
    ...journal.limits.filter(({ unit }) => isVmUnit(unit)),
    ...journal.failedJobs,
    ...journal.helpers.flatMap(({ unit, result }) =>
      result === undefined ? [] : [{ unit, ref: result.ref }],
    ),
  ].map(({ ref }): TimelineRow => ({
    time: ref.time,
    kind: "end",
    text: ref.text,
    evidence: ref,
  })),
];
