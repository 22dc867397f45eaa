import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openHost } from "../../src/host/open-host.ts";
import { diagnoseHost, render } from "../../src/index.ts";
import { canBuildTrees } from "../support/built-trees.ts";
import { buildHostTree } from "../support/host-tree.ts";
import { type Lost, without } from "../support/partial-host.ts";
import { newName, renamed } from "../support/renamed-host.ts";
import { type JsonVm, parseReport, vmOf } from "../support/report-json.ts";
import { hostWith } from "../support/scenario.ts";
import { loadScenarioCases, type ScenarioCase } from "../support/scenario-file.ts";
import type { Scenario } from "../support/scenario-schema.ts";

const CASES = (await loadScenarioCases()).filter(
  ({ kind, args }) => kind === "fires" && args.length === 0,
);

/** What must not depend on how things are called, nor on when and where it happened. */
const essence = (vm: JsonVm) => ({
  status: vm.status,
  rootCauses: vm.rootCauses,
  everWorked: vm.everWorked.answer,
  findings: vm.findings.map(({ id, role, severity, certainty }) => [id, role, severity, certainty]),
  stages: vm.stages.map(({ secret, stages }) => [newName(secret), stages]),
});

const LOST: Readonly<Record<string, Lost>> = {
  "the journal": { program: "journalctl" },
  "the secrets": { paths: /^\/run\/(?:secrets|agenix|credentials)/u },
  "the unit files": { paths: /^\/(?:etc|run)\/systemd/u },
  "the state directory": { paths: /^\/var\/lib\/microvms/u },
  "the store": { paths: /^\/nix\/store/u },
  accounts: { paths: /^\/etc\/(?:passwd|group)$/u },
};

const endOf = ({ journal, host }: Scenario): string =>
  /^\d{4}-/u.test(journal.until) ? journal.until : `${host.date} ${journal.until}`;

const diagnosed = async (root: string, host: Scenario, name: string, lost: Lost = {}) => {
  const answer = await diagnoseHost(without(openHost(root), lost), {
    source: { root },
    times: { now: endOf(host) },
    vms: [name],
  });
  if (answer.status !== "diagnosed") return undefined;
  const page = render(answer.report, "diagnosis", "json", { width: 80, colour: false });
  return { vm: vmOf(parseReport(page), name), complete: answer.complete };
};

const inScratch = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), "mvdoctor-same-"));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

describe.skipIf(!canBuildTrees)("the same story", () => {
  it.concurrent.each(CASES.map((one) => ({ ...one, title: `${one.subject}: ${one.name}` })))(
    "$title",
    async (scenario: ScenarioCase) => {
      await inScratch(async (dir) => {
        const host = await hostWith(scenario.host, scenario.changes);
        const { nixDatabase } = scenario;
        await buildHostTree(host, join(dir, "as-it-is"), { nixDatabase });
        const asItIs = await diagnosed(join(dir, "as-it-is"), host, scenario.vm);

        // Other names, zone and day, and a journal in three files.
        const other = renamed(host);
        await buildHostTree(other, join(dir, "renamed"), { nixDatabase, journalFiles: 3 });
        const same = await diagnosed(join(dir, "renamed"), other, newName(scenario.vm));
        expect(same && essence(same.vm)).toEqual(asItIs && essence(asItIs.vm));

        // Evidence that is taken away weakens what is found, and never makes it good.
        for (const [what, lost] of Object.entries(LOST)) {
          const less = await diagnosed(join(dir, "as-it-is"), host, scenario.vm, lost);
          if (less === undefined || asItIs === undefined) continue;
          const known = new Set(asItIs.vm.findings.map(({ id }) => id));
          const fresh = less.vm.rootCauses.filter((id) => !known.has(id));
          expect({ what, fresh }).toEqual({ what, fresh: [] });
          const turnedGood = asItIs.vm.status === "failing" && less.vm.status === "healthy";
          expect({ what, turnedGood: turnedGood && less.complete }).toEqual({
            what,
            turnedGood: false,
          });
        }
      });
    },
  );
});
