import { recommended } from "../recommended.ts";
import { hostName } from "../report.ts";
import { capital } from "../markdown-questions.ts";
import { answerLines } from "../text.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { cites, prose, timeOf } from "./prose.ts";
import { badge } from "./shapes.ts";
import { optionPlace, type Telling } from "./telling.ts";

/** The first that is read of a VM: how it is, since when, why, what would repair it, and whether it ever worked. */
export const answer = (telling: Telling): SafeHtml => {
  const { vm, numbers } = telling;
  const { everWorked } = vm;
  return markup`<div class="answer ${vm.status}">
${statusLine(telling)}
<ul class="answers">
${answerLines(vm).map((line) => markup`<li>${answerLine(line, telling)}</li>\n`)}</ul>
<p class="worked"><strong>Did a secret ever reach the guest? ${capital(everWorked.answer)}.</strong> ${prose(everWorked.basis, telling)}${cites(everWorked.evidence, numbers)}</p>
</div>
`;
};

const statusLine = ({ vm, report }: Telling): SafeHtml => {
  const since =
    vm.since === undefined || vm.status === "stopped"
      ? undefined
      : markup` <span class="since">${vm.status === "healthy" ? "" : "at least "}since ${timeOf(vm.since, report.zone)}</span>`;
  return markup`<p class="status">${badge(vm.status)} on ${hostName(report)}${since}</p>`;
};

const answerLine = (line: string, telling: Telling): SafeHtml => {
  const [, label, rest] = /^(Cause|Earlier \(phase [\d?]+\)|Repair): (.*)$/su.exec(line) ?? [];
  if (label === undefined || rest === undefined) return prose(line, telling);
  const place = label === "Repair" ? placeOfRepair(telling) : undefined;
  return markup`<span class="label">${label}</span> ${
    place === undefined
      ? prose(rest, telling)
      : markup`<a href="#${place}">${prose(rest.replace(/ \(option A below\)$/u, ""), { ...telling, placeOf: () => undefined })}</a>`
  }`;
};

const placeOfRepair = ({ vm, key }: Telling): string | undefined => {
  const best = recommended(vm);
  return best === undefined ? undefined : optionPlace(key, vm.options.indexOf(best));
};
