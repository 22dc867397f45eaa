import type { Finding, SecretStages } from "../../diagnosis/finding.ts";
import { STAGES, type Stage, type StageState } from "../../vocabulary.ts";
import { plain } from "../words.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { ruleLink } from "./prose.ts";
import { icon, type IconName } from "./shapes.ts";
import type { Telling } from "./telling.ts";

interface Ways {
  readonly stages: readonly SecretStages[];
  readonly findings: readonly Finding[];
}

/** The way of each secret from the host into the guest, as a chain; secrets that fare alike share one. */
export const secretWays = ({ stages, findings }: Ways, telling: Telling): SafeHtml =>
  stages.length === 0
    ? markup``
    : markup`<section>
<h3 id="${telling.key}-way">The way of each secret</h3>
${alike(stages).map((same) => chain(same, findings, telling))}${MEANINGS}</section>
`;

/** Secrets with the same state at every stage, in the order of the first of each kind. */
const alike = (stages: readonly SecretStages[]): readonly (readonly SecretStages[])[] => {
  const groups = new Map<string, SecretStages[]>();
  for (const one of stages) {
    const key = STAGES.map((stage) => one.stages[stage]).join(" ");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
};

const WORD: Readonly<Record<StageState, string>> = {
  ok: "ok",
  broken: "broken",
  unknown: "unknown",
  "not-reached": "not reached",
  "not-configured": "not used",
};

const ICON: Readonly<Record<StageState, IconName>> = {
  ok: "check",
  broken: "cross",
  unknown: "question",
  "not-reached": "dash",
  "not-configured": "ring",
};

const chain = (
  same: readonly SecretStages[],
  findings: readonly Finding[],
  { placeOf }: Telling,
): SafeHtml => {
  const [first] = same;
  if (first === undefined) return markup``;
  const names = same.map(({ secret }) => plain(secret));
  return markup`<div class="way">
<p class="secrets">${names.map((name, index) => [index === 0 ? "" : ", ", markup`<strong>${name}</strong>`])}</p>
<ol class="chain">
${STAGES.map((stage) => {
  const state = first.stages[stage];
  const rules = state === "broken" ? rulesAt(stage, findings, names) : [];
  return markup`<li class="${state}"><span class="node">${icon(ICON[state])}</span><span class="stage">${stage}</span> <span class="state">${WORD[state]}</span>${rules.map((rule) => [" ", ruleLink(rule, placeOf)])}</li>\n`;
})}</ol>
</div>
`;
};

/** What broke a stage of one of these secrets. */
const rulesAt = (
  stage: Stage,
  findings: readonly Finding[],
  names: readonly string[],
): readonly string[] => [
  ...new Set(
    findings
      .filter(
        ({ stage: own, scope, repaired, role }) =>
          own === stage &&
          scope.inForce &&
          !repaired &&
          (role === "root-cause" || role === "consequence") &&
          (scope.secrets === undefined || scope.secrets.some((name) => names.includes(name))),
      )
      .map(({ id }) => id),
  ),
];

const MEANING: Readonly<Record<Stage, string>> = {
  source: "the secret is on the host, decrypted, with content",
  access: "the one who reads it may: every directory on the way, mode, owner, ACL, sandbox",
  credentials: "systemd hands it to the unit",
  runner: "the script that really runs reads it and passes it on",
  hypervisor: "the VMM takes it and shows it to the guest",
  guest: "the guest imports it, and its service gets the bytes",
};

const MEANINGS: SafeHtml = markup`<details class="meanings"><summary>What the stages are</summary>
<dl class="inside">
${STAGES.map((stage) => markup`<dt>${stage}</dt><dd>${MEANING[stage]}</dd>\n`)}</dl>
</details>
`;
