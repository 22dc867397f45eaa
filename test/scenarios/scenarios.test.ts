import { describe, expect, it } from "vitest";
import { canBuildTrees } from "../support/built-trees.ts";
import { complaintsAbout, describeOutcome } from "../support/scenario-check.ts";
import { loadScenarioCases } from "../support/scenario-file.ts";
import { runScenario } from "../support/scenario-run.ts";

const CASES = await loadScenarioCases();

describe.skipIf(!canBuildTrees)("the scenarios", () => {
  it.concurrent.each(CASES.map((one) => ({ ...one, title: `${one.subject}: ${one.name}` })))(
    "$title",
    async (scenario) => {
      const outcome = await runScenario(scenario);
      const complaints = complaintsAbout(scenario, outcome);
      expect(complaints, `${complaints.join("\n")}\n\nfound:\n${describeOutcome(outcome)}`).toEqual(
        [],
      );
    },
  );
});
