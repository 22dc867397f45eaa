import type { Finding } from "../../diagnosis/finding.ts";
import { SEVERITIES } from "../../vocabulary.ts";
import { causalChain } from "./causal-chain.ts";
import { evidenceOf } from "./evidence.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { prose, ruleLink, ruleLinks } from "./prose.ts";
import { findingPlace, phaseLink, type Telling } from "./telling.ts";

/** Every finding, folded; those that stand in the way now are open. */
export const findingList = (findings: readonly Finding[], telling: Telling): SafeHtml =>
  markup`<section>
<h3 id="${telling.key}-findings">Findings</h3>
${
  findings.length === 0
    ? markup`<p>None.</p>`
    : markup`${causalChain(findings, telling)}<div class="filterable">
${filter(findings)}${findings.map((finding, index) => block(finding, findings, findingPlace(telling.key, index), telling))}</div>`
}
</section>
`;

/** For the script, which shows it; without one all findings stay. */
const filter = (findings: readonly Finding[]): SafeHtml =>
  markup`<form class="filter" hidden><fieldset><legend>Show findings that are</legend>
${SEVERITIES.flatMap((severity) => {
  const count = findings.filter((finding) => finding.severity === severity).length;
  return count === 0
    ? []
    : markup`<label class="severity ${severity}"><input type="checkbox" value="${severity}" checked> ${severity} (${count})</label>\n`;
})}</fieldset><button type="button" value="open">Open all</button> <button type="button" value="close">Fold all</button> <output></output></form>
`;

const block = (
  finding: Finding,
  all: readonly Finding[],
  place: string,
  telling: Telling,
): SafeHtml => {
  const { report, numbers, placeOf } = telling;
  const effects = all.filter(({ causedBy }) => causedBy.some(({ id }) => id === finding.id));
  const isOpen = finding.role === "root-cause" && finding.scope.inForce;
  return markup`<details class="finding ${finding.severity}${finding.repaired ? " repaired" : ""}" id="${place}" data-severity="${finding.severity}"${isOpen ? markup` open` : ""}>
<summary><span class="severity ${finding.severity}">${finding.severity}</span> <span class="title">${prose(finding.title, { report, placeOf: () => undefined })}</span> <span class="about">${finding.role.replace("-", " ")} <code>${finding.id}</code></span></summary>
<div class="inside">
<p>${prose(finding.explanation, telling)}</p>
<ul class="facts">
<li>${finding.repaired ? "repaired since" : finding.certainty}${inPhase(finding, telling)}</li>
${finding.causedBy.map(({ id, how }) => markup`<li>caused by ${ruleLink(id, placeOf)}: ${how}</li>\n`)}${
    effects.length === 0
      ? ""
      : markup`<li>causes ${ruleLinks([...new Set(effects.map(({ id }) => id))], placeOf)}</li>\n`
  }</ul>
<h4>Evidence</h4>
${evidenceOf(finding.evidence, numbers, report.zone)}</div>
</details>
`;
};

const inPhase = ({ scope: { phase } }: Finding, telling: Telling): SafeHtml | undefined =>
  phase === undefined ? undefined : markup`, ${phaseLink(phase, telling, "phase ")}`;
