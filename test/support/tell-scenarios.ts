import { REDACTABLE, type Redactable } from "../../src/vocabulary.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { NO_PSEUDONYMS } from "../../src/host/pseudonym-map.ts";
import { pseudonymise } from "../../src/host/pseudonyms.ts";
import { recordHost, replayHost, type Recording } from "../../src/host/recording.ts";
import { RULES } from "../../src/rules/index.ts";
import { canBuildTrees } from "./built-trees.ts";
import { canariesIn } from "./canary.ts";
import { nixSyntaxErrors } from "./nix-syntax.ts";
import { pageComplaints } from "./page-complaints.ts";
import { type Lost, without } from "./partial-host.ts";
import { newName, renamed } from "./renamed-host.ts";
import type { JsonVm } from "./report-json.ts";
import { complaintsAbout, describeOutcome } from "./scenario-check.ts";
import { loadScenarioCases, type ScenarioCase } from "./scenario-file.ts";
import { requireTools } from "./requirements.ts";
import { buildScenario, openScenario, outcomeOf, type Outcome } from "./scenario-run.ts";
import type { Scenario } from "./scenario-schema.ts";
import { declaredBy } from "./watched-rules.ts";

const canParseNix = requireTools("nix-instantiate");

/** What each rule looked at, over all scenarios of the file. */
const reads = vi.hoisted(() => new Map<string, Set<string>>());

/** The Nix that remedies of the told scenarios consist of. */
const snippets = new Set<string>();

/** The very rules, watched: what a rule declares it has to need somewhere. */
vi.mock(import("../../src/rules/index.ts"), async (original) => {
  const { RULES: rules } = await original();
  const { watched } = await import("./watched-rules.ts");
  const watching = rules.map((rule) => {
    const seen = new Set<string>();
    reads.set(rule.id, seen);
    return watched(rule, (key) => seen.add(key));
  });
  return { RULES: watching };
});

/**
 * Tells the scenarios of one folder of `test/scenarios`: each is a whole host that is built and diagnosed. The first one in which a rule
 * fires is told under other names, too, with less evidence, or neither: by turns. A folder is a file of tests, so that they run side by side.
 */
export const tellScenarios = async (folder: string): Promise<void> => {
  const scenarios = (await loadScenarioCases()).filter(({ file }) => file.startsWith(`${folder}/`));

  describe.skipIf(!canBuildTrees)(`the scenarios of ${folder}`, () => {
    let told = 0;
    const sample = scenarios.find(isStory);
    const first = new Map(
      scenarios
        .filter(isStory)
        .toReversed()
        .map((one) => [one.subject, one]),
    );

    it.concurrent.each(scenarios.map((one) => ({ ...one, title: `${one.subject}: ${one.name}` })))(
      "$title",
      async (scenario) => {
        await inScratch(async (dir) => {
          const isFirst = first.get(scenario.subject)?.name === scenario.name;
          // All of it for each rule would take the suite over five minutes.
          const turn = [...first.keys()].indexOf(scenario.subject) % 3;
          await tell(scenario, dir, {
            isRenamed: isFirst && turn === 0,
            isWeakened: isFirst && turn === 1,
            isOneOfFolder: scenario.subject === sample?.subject && scenario.name === sample.name,
          });
          told += 1;
        });
      },
    );

    it.skipIf(!canParseNix)("offers Nix that Nix can read", async () => {
      expect(await nixSyntaxErrors([...snippets])).toBe("");
    });

    afterAll(() => {
      // With a filter only some scenarios run.
      if (told < scenarios.length) return;
      const unread = RULES.filter(({ id }) => id.startsWith(`${folder}/`)).flatMap((rule) => {
        const keys = declaredBy(rule).filter((key) => reads.get(rule.id)?.has(key) !== true);
        return keys.length === 0
          ? []
          : [`${rule.id} declares ${keys.join(", ")} and never reads it`];
      });
      expect(unread).toEqual([]);
    });
  });
};

/** A rule fires, on the whole of what there is. */
const isStory = ({ kind, args }: ScenarioCase): boolean => kind === "fires" && args.length === 0;

const tell = async (
  scenario: ScenarioCase,
  dir: string,
  { isRenamed, isWeakened, isOneOfFolder }: Telling,
): Promise<void> => {
  const root = join(dir, "as-it-is");
  const host = await buildScenario(scenario, root);
  const opened = openScenario(scenario, root);
  const recording = recordHost(opened);
  const outcome = await outcomeOf(scenario, host, recording.host);
  if (outcome === undefined) throw new Error(`no VM ${scenario.vm} was found`);
  const complaints = complaintsAbout(scenario, outcome);
  expect(complaints, `${complaints.join("\n")}\n\nfound:\n${describeOutcome(outcome)}`).toEqual([]);
  for (const { kind, snippet } of outcome.vm.findings.flatMap(({ remedies }) => remedies))
    if (kind === "nix") snippets.add(snippet);
  const bundle = JSON.stringify(recording.recorded());
  const pages = outcome.pages();
  expect(pageComplaints(pages)).toEqual([]);
  for (const [page, text] of Object.entries({ ...pages, bundle }))
    expect({ page, shows: canariesIn(text) }).toEqual({ page, shows: [] });
  if (isOneOfFolder) await tellUnderPseudonyms(scenario, host, recording.recorded(), outcome);
  if (isRenamed) await tellElsewhere(scenario, dir, outcome);
  if (isWeakened) await tellWithLess(scenario, host, recording.recorded(), outcome);
};

/** How else a scenario is told than as it is. */
interface Telling {
  readonly isRenamed: boolean;
  readonly isWeakened: boolean;
  readonly isOneOfFolder: boolean;
}

/** Under other names, zone and day, and with a journal in two files, the story is the same. */
const tellElsewhere = async (
  scenario: ScenarioCase,
  dir: string,
  outcome: Outcome,
): Promise<void> => {
  const elsewhere = { ...scenario, vm: newName(scenario.vm) };
  const other = await buildScenario(scenario, join(dir, "renamed"), {
    change: renamed,
    journalFiles: 2,
  });
  const same = await outcomeOf(elsewhere, other, openScenario(scenario, join(dir, "renamed")));
  expect(same && essence(same.vm)).toEqual(essence(outcome.vm));
};

/** Evidence that is taken away weakens what is found, and never makes it good. */
const tellWithLess = async (
  scenario: ScenarioCase,
  host: Scenario,
  recorded: Recording,
  outcome: Outcome,
): Promise<void> => {
  const known = new Set(outcome.vm.findings.map(({ id }) => id));
  for (const [what, lost] of Object.entries(LOST)) {
    const left = without(replayHost(recorded), lost);
    const less = await outcomeOf(scenario, host, left);
    if (less === undefined) continue;
    const fresh = less.vm.rootCauses.filter((id) => !known.has(id));
    const turnedGood = outcome.vm.status === "failing" && less.vm.status === "healthy";
    expect({ what, fresh, turnedGood: turnedGood && less.report.complete }).toEqual({
      what,
      fresh: [],
      turnedGood: false,
    });
  }
};

/** What must not depend on how things are called, nor on when and where it happened. */
const essence = (vm: JsonVm) => ({
  status: vm.status,
  rootCauses: vm.rootCauses,
  everWorked: vm.everWorked.answer,
  findings: vm.findings.map(({ id, role, severity, certainty }) => [id, role, severity, certainty]),
  stages: vm.stages.map(({ secret, stages }) => [newName(secret), stages]),
});

/** Under pseudonyms the story is the same, and nobody's name is in it. */
const tellUnderPseudonyms = async (
  scenario: ScenarioCase,
  host: Scenario,
  original: Recording,
  outcome: Outcome,
): Promise<void> => {
  const { recorded, map } = pseudonymise(original, PSEUDONYMS, NO_PSEUDONYMS);
  const redacted = await outcomeOf(scenario, host, replayHost(recorded));
  expect(redacted && withoutPaths(redacted)).toEqual(withoutPaths(outcome));
  const names = new RegExp(
    `(?<![A-Za-z0-9])(?:${[...Object.keys(map.hosts), ...Object.keys(map.users)].join("|")})(?![A-Za-z0-9])`,
    "u",
  );
  expect(names.exec(JSON.stringify(recorded))?.[0]).toBeUndefined();
};

/** What must not depend on whose host it is. */
const withoutPaths = ({ vm, exit, report }: Outcome) => ({
  ...essence(vm),
  exit,
  complete: report.complete,
});

const PSEUDONYMS: ReadonlySet<Redactable> = new Set(REDACTABLE);

const LOST: Readonly<Record<string, Lost>> = {
  "the journal": { program: "journalctl" },
  "the secrets": { paths: /^\/run\/(?:secrets|agenix|credentials)/u },
  "the unit files": { paths: /^\/(?:etc|run)\/systemd/u },
  "the state directory": { paths: /^\/var\/lib\/microvms/u },
  "the store": { paths: /^\/nix\/store/u },
  accounts: { paths: /^\/etc\/(?:passwd|group)$/u },
};

const inScratch = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), "mvdoctor-scenario-"));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
