import { formatUtc } from "../time/format-time.ts";
import { evidenceNumbers } from "./evidence-numbers.ts";
import type { Report } from "./report.ts";
import { plain } from "./words.ts";

/** The timeline for programs: rows in order, with the cursor or path of what each rests on. */
export const renderTimelineJson = ({ diagnosis, generatedAt }: Report): string => {
  const numbers = evidenceNumbers(diagnosis.ledger);
  const { first, last } = diagnosis.coverage;
  const [since, until] = [diagnosis.window.since ?? first, diagnosis.window.until ?? last];
  const document = {
    schemaVersion: 1,
    generatedAt: formatUtc(generatedAt),
    complete: diagnosis.complete,
    window: {
      since: since === undefined ? null : formatUtc(since),
      until: until === undefined ? null : formatUtc(until),
    },
    vms: diagnosis.vms.map((vm) => ({
      vm: vm.vm,
      status: vm.status,
      phases: vm.phases.map(({ index, kind, start, end, title }) => ({
        index,
        kind,
        start: formatUtc(start),
        end: end === undefined ? null : formatUtc(end),
        title,
      })),
      rows: vm.timeline.map((row) => ({
        time: formatUtc(row.time),
        ...(row.until === undefined ? {} : { until: formatUtc(row.until) }),
        phase: row.phase ?? null,
        kind: row.kind,
        text: plain(row.text),
        evidence: numbers.idOf(row.evidence),
        ...(row.evidence.kind === "journal" ? { cursor: row.evidence.cursor } : {}),
      })),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
};
