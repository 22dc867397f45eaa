import type { Argument, Hypothesis } from "../../diagnosis/finding.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { cites, copyable, prose } from "./prose.ts";
import type { Telling } from "./telling.ts";

/** What became different from phase to phase. */
export const changes = (telling: Telling): SafeHtml =>
  telling.vm.transitions.length === 0
    ? markup``
    : markup`<section>
<h3>What changed</h3>
${telling.vm.transitions.map(
  ({ from, to, changes: some }) => markup`<p>From phase ${from} to phase ${to}:</p>
<ul>
${some.map((change) => markup`<li>${argument(change, telling)}</li>\n`)}</ul>
`,
)}</section>
`;

/** What the evidence leaves open: each question with its possible answers. */
export const questions = (telling: Telling): SafeHtml => {
  const { vm, key } = telling;
  if (vm.status === "healthy" || vm.hypotheses.length === 0) return markup``;
  return markup`<section>
<h3 id="${key}-questions">What is not proven</h3>
${[...new Set(vm.hypotheses.map(({ question }) => question))].map(
  (question) => markup`<details class="question">
<summary><span class="title">${prose(question, telling)}</span></summary>
<div class="inside"><ul class="claims">
${vm.hypotheses.filter((one) => one.question === question).map((one) => claim(one, telling))}</ul></div>
</details>
`,
)}</section>
`;
};

const claim = (one: Hypothesis, telling: Telling): SafeHtml =>
  markup`<li class="${one.state}"><span class="claim ${one.state}">${one.state}</span> ${prose(one.claim, telling)}
<ul>
${one.for.map((each) => markup`<li><strong>for:</strong> ${argument(each, telling)}</li>\n`)}${one.against.map((each) => markup`<li><strong>against:</strong> ${argument(each, telling)}</li>\n`)}<li><strong>decide by:</strong> ${copyable(one.decideBy, "line")}</li>
</ul></li>
`;

const argument = ({ text, evidence }: Argument, telling: Telling): SafeHtml =>
  markup`${prose(text, telling)}${cites(evidence, telling.numbers)}`;
