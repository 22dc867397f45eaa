import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { diagnose, render, type Format } from "../../src/index.ts";
import { statusOfFindings } from "../../src/command-line/exit-status.ts";
import { buildHostTree } from "./host-tree.ts";
import { type JsonReport, type JsonVm, parseReport, vmOf } from "./report-json.ts";
import { hostWith } from "./scenario.ts";
import type { ScenarioCase } from "./scenario-file.ts";
import type { Scenario } from "./scenario-schema.ts";

/** What the diagnosis of a scenario's VM came to. */
export interface Outcome {
  readonly report: JsonReport;
  readonly vm: JsonVm;
  /** The JSON report as it is printed. */
  readonly text: string;
  readonly exit: number;
}

/** Builds the tree of a scenario, diagnoses its VM in this process, and removes the tree. Needs root. */
export const runScenario = async (scenario: ScenarioCase): Promise<Outcome> => {
  const dir = await mkdtemp(join(tmpdir(), "mvdoctor-scenario-"));
  try {
    const root = join(dir, "host");
    const text = await diagnoseTree(scenario, root, await buildScenario(scenario, root), "json");
    const report = parseReport(text.page);
    return { report, vm: vmOf(report, scenario.vm), text: text.page, exit: text.exit };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

/** Builds the tree of a scenario in `root`. */
export const buildScenario = async (scenario: ScenarioCase, root: string): Promise<Scenario> => {
  const host = await hostWith(scenario.host, scenario.changes);
  await buildHostTree(host, root, { nixDatabase: scenario.nixDatabase });
  return host;
};

/** What `mvdoctor diagnose VM --root TREE --now END` and the scenario's own arguments print and end with. */
export const diagnoseTree = async (
  { vm, args }: ScenarioCase,
  root: string,
  host: Scenario,
  format: Format,
): Promise<{ readonly page: string; readonly exit: number }> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      since: { type: "string" },
      until: { type: "string" },
      boot: { type: "string" },
      now: { type: "string", default: endOf(host) },
    },
  });
  const answer = await diagnose({ source: { root }, times: values, vms: [vm] });
  if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
  return {
    page: render(answer.report, "diagnosis", format, { width: 100, colour: false }),
    exit: statusOfFindings(answer.severities, { failOn: "error", complete: answer.complete }),
  };
};

const endOf = ({ journal, host }: Scenario): string =>
  /^\d{4}-/u.test(journal.until) ? journal.until : `${host.date} ${journal.until}`;
