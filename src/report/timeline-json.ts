import type { TimelineRow } from "../diagnosis/finding.ts";
import { jsonText } from "./printable.ts";
import { formatUtc } from "../time/format-time.ts";
import { jsonOfHosts } from "./hosts-json.ts";
import { jsonLookedAt } from "./looked-at-json.ts";
import type { Reports } from "./report.ts";
import type { Written } from "./schema/pieces.ts";
import type { row as schemaOfRow, timeline, timelineVm } from "./schema/timeline.ts";
import { plain } from "./words.ts";

/** The timeline for programs: rows in order, with the cursor or path of what each rests on. */
export const renderTimelineJson = (reports: Reports): string => {
  const { vms } = jsonOfHosts(reports, ({ diagnosis }, numbers) =>
    diagnosis.vms.map((vm): Written<typeof timelineVm> => ({
      vm: vm.vm,
      status: vm.status,
      phases: vm.phases.map(({ index, kind, start, end, title }) => ({
        index,
        kind,
        start: formatUtc(start),
        end: end === undefined ? null : formatUtc(end),
        title,
      })),
      rows: vm.timeline.map((row) => ({ ...jsonRow(row), evidence: numbers.idOf(row.evidence) })),
    })),
  );
  const document: Written<typeof timeline> = {
    schemaVersion: 1,
    generatedAt: formatUtc(reports[0].generatedAt),
    complete: reports.every(({ diagnosis }) => diagnosis.complete),
    window: jsonLookedAt(reports).window,
    vms,
  };
  return jsonText(document);
};

/** One row, with the cursor or the path of what it rests on. */
export const jsonRow = (row: TimelineRow): Omit<Written<typeof schemaOfRow>, "evidence"> => ({
  time: formatUtc(row.time),
  ...(row.until === undefined ? {} : { until: formatUtc(row.until) }),
  phase: row.phase ?? null,
  kind: row.kind,
  text: plain(row.text),
  ...(row.alike === true ? { alike: true } : {}),
  ...(row.times === undefined ? {} : { times: row.times }),
  ...(row.loop === undefined ? {} : { loop: row.loop }),
  ...(row.evidence.kind === "journal" ? { cursor: row.evidence.cursor } : {}),
  ...(row.evidence.kind === "file" ? { path: plain(row.evidence.path) } : {}),
});
