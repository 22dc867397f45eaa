import { claimsWithoutCoverage } from "./absence-claims.ts";
import type { ScenarioCase } from "./scenario-file.ts";
import type { Outcome } from "./scenario-run.ts";

/** What of a scenario's expectation does not hold, in sentences; nothing where all of it does. */
export const complaintsAbout = (
  scenario: Pick<ScenarioCase, "expect" | "kind" | "rule">,
  { report, vm, text, exit }: Outcome,
): readonly string[] => {
  const { expect: wanted, kind, rule } = scenario;
  const found = new Set(vm.findings.map(({ id }) => id));
  const own = rule === undefined ? [] : [rule];
  const complaints: string[] = [...claimsWithoutCoverage(report, vm)];
  const same = (what: string, is: unknown, should: unknown): void => {
    if (should !== undefined && JSON.stringify(is) !== JSON.stringify(should))
      complaints.push(`${what} is ${JSON.stringify(is)} and should be ${JSON.stringify(should)}`);
  };

  same("rootCauses", vm.rootCauses, wanted.rootCauses);
  same("the first root cause", vm.rootCauses[0], wanted.firstRootCause);
  // What is foretold of the next start is no news to who looks at the past ones.
  for (const id of vm.nextStart.rootCauses)
    if (!found.has(id)) complaints.push(`check foretells ${id}, which diagnose does not find`);
  if (vm.status === "healthy" && vm.nextStart.prediction === "no")
    complaints.push("check foretells a failure of a VM that is healthy");
  same("status", vm.status, wanted.status);
  same("everWorked", vm.everWorked.answer, wanted.everWorked);
  same("the exit status", exit, wanted.exit);
  for (const id of wanted.finds ?? (kind === "fires" ? own : []))
    if (!found.has(id)) complaints.push(`${id} is not found`);
  for (const id of wanted.lacks ?? (kind === "fires" ? [] : own))
    if (found.has(id)) complaints.push(`${id} is found and should not be`);
  for (const [id, role] of Object.entries(wanted.roles))
    same(`the role of ${id}`, findingOf(vm.findings, id)?.role, role);
  for (const [id, certainty] of Object.entries(wanted.certainties))
    same(`the certainty of ${id}`, findingOf(vm.findings, id)?.certainty, certainty);
  for (const [id, causes] of Object.entries(wanted.causedBy))
    same(`causedBy of ${id}`, findingOf(vm.findings, id)?.causedBy, causes);
  for (const [secret, stages] of Object.entries(wanted.stages)) {
    const row = vm.stages.find((one) => one.secret === secret)?.stages;
    for (const [stage, state] of Object.entries(stages))
      same(`stage ${stage} of ${secret}`, row?.[stage], state);
  }
  for (const words of wanted.says)
    if (!text.includes(words)) complaints.push(`the report does not say ${words}`);
  for (const words of wanted.hides)
    if (text.includes(words)) complaints.push(`the report says ${words}`);
  return complaints;
};

const findingOf = (
  findings: Outcome["vm"]["findings"],
  id: string,
): Outcome["vm"]["findings"][number] | undefined => findings.find((one) => one.id === id);

/** What was found, for the author of a rule whose scenario fails. */
export const describeOutcome = ({ report, vm, exit }: Outcome): string =>
  [
    `status ${vm.status}, ever worked ${vm.everWorked.answer}, exit ${exit}`,
    `root causes: ${vm.rootCauses.join(", ") || "none"}`,
    ...vm.findings.map(
      ({ id, role, severity, certainty, title, causedBy }) =>
        `  ${id}  ${role}, ${severity}, ${certainty}${causedBy.length === 0 ? "" : `, by ${causedBy.join(" and ")}`}: ${title}`,
    ),
    ...vm.stages.map(
      ({ secret, stages }) =>
        `stages of ${secret}: ${Object.entries(stages)
          .map(([stage, state]) => `${stage} ${state}`)
          .join(", ")}`,
    ),
    ...report.coverage.gaps.map(({ source, reason }) => `gap in ${source}: ${reason}`),
  ].join("\n");
