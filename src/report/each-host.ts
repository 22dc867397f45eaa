import { evidenceNumbers, type EvidenceNumbers, type NumbersBefore } from "./evidence-numbers.ts";
import type { Report, Reports } from "./report.ts";

/** What `part` makes of each host, in order. Numbers go on from host to host, so that none stands for evidence of two. */
export const eachHost = <Part>(
  reports: Reports,
  part: (report: Report, numbers: EvidenceNumbers) => Part,
): readonly Part[] => {
  let before: NumbersBefore = { evidence: 0, lines: 0 };
  return reports.map((report) => {
    const { ledger } = report.diagnosis;
    const numbers = evidenceNumbers(ledger, before);
    const made = part(report, numbers);
    before = {
      evidence: before.evidence + numbers.cited().length,
      lines: before.lines + ledger.length,
    };
    return made;
  });
};
