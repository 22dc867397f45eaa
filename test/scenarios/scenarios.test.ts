import { afterAll, describe, expect, it, vi } from "vitest";
import { RULES } from "../../src/rules/index.ts";
import { canBuildTrees } from "../support/built-trees.ts";
import { complaintsAbout, describeOutcome } from "../support/scenario-check.ts";
import { loadScenarioCases } from "../support/scenario-file.ts";
import { runScenario } from "../support/scenario-run.ts";
import { declaredBy } from "../support/watched-rules.ts";

/** What each rule looked at, over all scenarios. */
const reads = vi.hoisted(() => new Map<string, Set<string>>());

/** The very rules, watched: what a rule declares it has to need somewhere. */
vi.mock(import("../../src/rules/index.ts"), async (original) => {
  const { RULES: rules } = await original();
  const { watched } = await import("../support/watched-rules.ts");
  const watching = rules.map((rule) => {
    const seen = new Set<string>();
    reads.set(rule.id, seen);
    return watched(rule, (key) => seen.add(key));
  });
  return { RULES: watching };
});

const CASES = await loadScenarioCases();

describe.skipIf(!canBuildTrees)("the scenarios", () => {
  let told = 0;

  it.concurrent.each(CASES.map((one) => ({ ...one, title: `${one.subject}: ${one.name}` })))(
    "$title",
    async (scenario) => {
      const outcome = await runScenario(scenario);
      told += 1;
      const complaints = complaintsAbout(scenario, outcome);
      expect(complaints, `${complaints.join("\n")}\n\nfound:\n${describeOutcome(outcome)}`).toEqual(
        [],
      );
    },
  );

  afterAll(() => {
    // With a filter only some scenarios run.
    if (told < CASES.length) return;
    const unread = RULES.flatMap((rule) => {
      const keys = declaredBy(rule).filter((key) => reads.get(rule.id)?.has(key) !== true);
      return keys.length === 0 ? [] : [`${rule.id} declares ${keys.join(", ")} and never reads it`];
    });
    expect(unread).toEqual([]);
  });
});
