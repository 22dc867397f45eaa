import type { TimelineRow, VmDiagnosis } from "../diagnosis/finding.ts";
import type { Report, Reports } from "./report.ts";
import { plain } from "./words.ts";

/** Which rows of a timeline are wanted, and in which order. */
export interface RowSelection {
  /** Only the newest ones, over all VMs and hosts. */
  readonly newest?: number | undefined;
  /** Only those whose words match. */
  readonly pattern?: RegExp | undefined;
  readonly reverse?: boolean;
}

/** The same reports with the rows that are wanted; phases and VMs without such a row are left out where some are not wanted. */
export const selectRows = (reports: Reports, selection: RowSelection): Reports => {
  const { newest, pattern, reverse = false } = selection;
  const isNarrowed = newest !== undefined || pattern !== undefined;
  if (!isNarrowed && !reverse) return reports;
  const wanted = newestOf(reports, selection);
  const [first, ...others] = reports.map((report): Report => ({
    ...report,
    diagnosis: {
      ...report.diagnosis,
      vms: report.diagnosis.vms.flatMap((vm) => {
        const rows = vm.timeline.filter((row) => wanted.has(row));
        const shown = isNarrowed ? narrowed(vm, rows) : vm;
        return isNarrowed && rows.length === 0 ? [] : [reverse ? reversed(shown) : shown];
      }),
    },
  }));
  return first === undefined ? reports : [first, ...others];
};

const newestOf = (
  reports: Reports,
  { newest, pattern }: RowSelection,
): ReadonlySet<TimelineRow> => {
  const rows = reports
    .flatMap(({ diagnosis }) => diagnosis.vms.flatMap(({ timeline }) => timeline))
    .filter(({ text }) => pattern === undefined || pattern.test(plain(text)))
    .toSorted((a, b) => a.time - b.time);
  return new Set(newest === undefined ? rows : rows.slice(Math.max(0, rows.length - newest)));
};

const narrowed = (vm: VmDiagnosis, rows: readonly TimelineRow[]): VmDiagnosis => {
  const told = new Set(rows.map(({ phase }) => phase));
  return { ...vm, timeline: rows, phases: vm.phases.filter(({ index }) => told.has(index)) };
};

const reversed = (vm: VmDiagnosis): VmDiagnosis => ({
  ...vm,
  timeline: vm.timeline.toReversed(),
  phases: vm.phases.toReversed(),
});
