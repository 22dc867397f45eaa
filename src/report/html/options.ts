import type { Finding, VmDiagnosis, WeighedRemedy } from "../../diagnosis/finding.ts";
import { recommended } from "../recommended.ts";
import { optionLetter } from "../text.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { copyable, prose, ruleLinks } from "./prose.ts";
import { optionPlace, type Telling } from "./telling.ts";

/** What would repair it, the recommended one open, and what would not help. */
export const optionList = (
  { options, findings }: Pick<VmDiagnosis, "options" | "findings">,
  telling: Telling,
): SafeHtml => {
  const best = recommended({ options, findings });
  return markup`${
    options.length === 0
      ? ""
      : markup`<section>
<h3 id="${telling.key}-options">What to do</h3>
${options.map((option, index) => block(option, { index, isBest: option === best }, telling))}</section>
`
  }${misleading(findings, telling)}`;
};

const block = (
  option: WeighedRemedy,
  { index, isBest }: { readonly index: number; readonly isBest: boolean },
  telling: Telling,
): SafeHtml => {
  const { placeOf } = telling;
  return markup`<details class="option" id="${optionPlace(telling.key, index)}"${isBest ? markup` open` : ""}>
<summary><span class="title">${optionLetter(index)}. ${prose(option.title, { ...telling, placeOf: () => undefined })}</span>${isBest ? markup` <span class="best">recommended</span>` : ""}</summary>
<div class="inside">
<ul class="facts">
<li>clears ${ruleLinks(option.clears, placeOf)}${option.checked ? ": the rules were asked again with this in place" : ", by the rule's word: no evidence would show it before a start"}</li>
<li>${option.leaves.length === 0 ? "leaves nothing of this broken" : markup`<strong>leaves</strong> ${ruleLinks(option.leaves, placeOf)}`}</li>
</ul>
<p>${prose(option.cost, telling)}</p>
${copyable(option.snippet.trimEnd(), "block")}
</div>
</details>
`;
};

const misleading = (findings: readonly Finding[], telling: Telling): SafeHtml => {
  const known = findings.flatMap((finding) => (finding.repaired ? [] : finding.misleading));
  return known.length === 0
    ? markup``
    : markup`<section>
<h3>What would not help</h3>
<ul>
${known.map(({ title, why }) => markup`<li><strong>${prose(title, telling)}:</strong> ${prose(why, telling)}</li>\n`)}</ul>
</section>
`;
};
