import type { EvidenceNumbers } from "../evidence-numbers.ts";
import { ledgerLines } from "../ledger.ts";
import type { Report } from "../report.ts";
import { skippedCount, skippedLines } from "../skipped.ts";
import { expiredLines, suppressedHeadline, suppressionLine } from "../suppressed.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { prose } from "./prose.ts";
import type { Telling } from "./telling.ts";

/** What was looked at, line by line, and what could not be. */
export const coverage = (report: Report, { lineAt }: EvidenceNumbers): SafeHtml => {
  const { diagnosis, zone } = report;
  const shown = { report, placeOf: () => undefined };
  return markup`<section>
<h2>What was looked at</h2>
${diagnosis.complete ? "" : markup`<p class="incomplete">The picture is incomplete: what is not found may still be there.</p>\n`}<ul class="coverage">
${ledgerLines(diagnosis.ledger, zone, lineAt).map(
  ({ all, ids, isGap, text }) =>
    markup`<li${isGap ? markup` class="gap"` : ""}>${all.map((id) => markup`<span id="${id}"></span>`)}<span class="number">${ids}</span> ${prose(text, shown)}</li>\n`,
)}</ul>
${notAsked(report).map((line) => markup`<p>${prose(line, shown)}</p>\n`)}</section>
`;
};

const notAsked = ({ diagnosis, showSkipped }: Report): readonly string[] => {
  const count = skippedCount(diagnosis.vms);
  return [
    ...(count === undefined
      ? []
      : [`${count}${showSkipped ? ":" : "; --show-skipped lists them."}`]),
    ...(showSkipped ? skippedLines(diagnosis.vms) : []),
    ...expiredLines(diagnosis),
  ];
};

/** What does not count, because a configuration says so. */
export const suppressedList = (
  suppressed: Telling["vm"]["suppressed"],
  telling: Telling,
): SafeHtml => {
  const { suppressions } = telling.report.diagnosis;
  return suppressed.length === 0 || suppressions === undefined
    ? markup``
    : markup`<section>
<h3>Suppressed</h3>
<p>${prose(suppressedHeadline(suppressed.length, suppressions.file), telling)}:</p>
<ul>
${suppressed.map((one) => markup`<li>${prose(suppressionLine(one), telling)}</li>\n`)}</ul>
</section>
`;
};
