import { join } from "node:path";
import { parseArgs } from "node:util";

import type { Host } from "../../src/host/host.ts";
import { openHost, openJournal } from "../../src/host/open-host.ts";
import { render, type Format } from "../../src/report/render.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import type { Answer } from "../../src/requests/request.ts";
import { statusOfFindings } from "../../src/command-line/exit-status.ts";
import { buildHostTree } from "./host-tree.ts";
import { pagesOf } from "./all-pages.ts";
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
  /** Every page that it can be shown as. */
  readonly pages: () => Readonly<Record<string, string>>;
  readonly exit: number;
}

interface BuildOptions {
  readonly change?: (host: Scenario) => Scenario;
  readonly journalFiles?: number;
}

/** Builds the tree of a scenario in `root`, and gives the host that it shows. Needs root. */
export const buildScenario = async (
  { host, changes, nixDatabase }: ScenarioCase,
  root: string,
  { change = (one) => one, journalFiles = 1 }: BuildOptions = {},
): Promise<Scenario> => {
  const scenario = change(await hostWith(host, changes));
  await buildHostTree(scenario, root, { nixDatabase, journalFiles, canaries: true });
  return scenario;
};

/** The host of a scenario that was built in `root`, as far as the scenario lets one look. */
export const openScenario = ({ journalOnly }: ScenarioCase, root: string): Host =>
  journalOnly ? openJournal({ directory: join(root, "var/log/journal") }) : openHost(root);

/** What `mvdoctor diagnose VM --json --now END` and the scenario's own arguments come to; `undefined` where the VM is not found. */
export const outcomeOf = async (
  scenario: ScenarioCase,
  host: Scenario,
  opened: Host,
): Promise<Outcome | undefined> => {
  const answer = await answerFor(scenario, host, opened);
  if (answer.status === "no-such-vm") return undefined;
  const { page: text, exit } = printed(answer, "json");
  const report = parseReport(text);
  return {
    report,
    vm: vmOf(report, scenario.vm),
    text,
    pages: () => (answer.status === "diagnosed" ? pagesOf(answer.reports) : {}),
    exit,
  };
};

/** The report of a scenario's VM in a format, and the status that it ends with. */
export const pageOf = async (
  scenario: ScenarioCase,
  host: Scenario,
  opened: Host,
  format: Format,
): Promise<{ readonly page: string; readonly exit: number }> =>
  printed(await answerFor(scenario, host, opened), format);

const answerFor = ({ vm, args }: ScenarioCase, host: Scenario, opened: Host): Promise<Answer> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      since: { type: "string" },
      until: { type: "string" },
      boot: { type: "string" },
      now: { type: "string", default: endOf(host) },
    },
  });
  return diagnoseHost(opened, { source: { root: opened.origin }, times: values, vms: [vm] });
};

const printed = (
  answer: Answer,
  format: Format,
): { readonly page: string; readonly exit: number } => {
  if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
  return {
    page: render(answer.reports, "diagnosis", format, { width: 100, colour: false }),
    exit: statusOfFindings(answer.severities, { failOn: "error", complete: answer.complete }),
  };
};

const endOf = ({ journal, host }: Scenario): string =>
  /^\d{4}-/u.test(journal.until) ? journal.until : `${host.date} ${journal.until}`;
