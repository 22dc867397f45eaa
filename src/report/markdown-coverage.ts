import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { ledgerLines } from "./ledger.ts";
import { list, prose } from "./markdown-text.ts";
import type { Report } from "./report.ts";
import { skippedCount, skippedLines } from "./skipped.ts";
import { expiredLines } from "./suppressed.ts";

/** What was looked at, line by line, and what could not be. */
export const coverage = (report: Report, numbers: EvidenceNumbers): readonly string[] => [
  "## Coverage",
  ledgerList(report, numbers),
  ...notAsked(report),
];

const ledgerList = ({ diagnosis, zone }: Report, { lineAt }: EvidenceNumbers): string => {
  const lines = list(
    ledgerLines(diagnosis.ledger, zone, lineAt).map(
      ({ ids, text }) => `**[${ids}]** ${prose(text)}`,
    ),
  );
  if (diagnosis.gaps.length > 0) return lines;
  return skippedCount(diagnosis.vms) === undefined
    ? `Everything that a rule asks for could be read.\n\n${lines}`
    : `Everything could be read that a report has to rest on.\n\n${lines}`;
};

/** Rules that were not asked, by number at least, and suppressions that no longer hold. */
export const notAsked = ({ diagnosis, showSkipped }: Report): readonly string[] => {
  const { vms } = diagnosis;
  const count = skippedCount(vms);
  return [
    ...(count === undefined ? [] : [`${count}${showSkipped ? ":" : "."}`]),
    ...listed(showSkipped ? skippedLines(vms) : []),
    ...listed(expiredLines(diagnosis)),
  ];
};

const listed = (lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [list(lines.map(prose))];
