import { describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { representatives } from "../support/fault-list.ts";
import { loadScenario } from "../support/host-tree.ts";
import { FAULT_HOSTS, tryFaults } from "../support/try-faults.ts";

/** The incident's journal is long: of its faults these stand for all. */
const FEW: ReadonlySet<string> = new Set([
  "denied",
  "refused",
  "fails with words",
  "hangs on its way",
  "is cut in a line",
  "prints a web page",
  "prints nothing",
]);

/** One fault of each kind for each kind of question; `npm run faults` tries all of all questions. */
describe.skipIf(!canBuildTrees)("where one answer of the host goes wrong", () => {
  const tree = builtTrees(...FAULT_HOSTS);
  const taken = new Set<string>();

  it.each(FAULT_HOSTS)(
    "the report of %s names the gap, keeps the rest and accuses nobody",
    { timeout: 180_000 },
    async (name) => {
      const scenario = await loadScenario(name);
      const { complaints } = await tryFaults(scenario, tree(name), (faults) =>
        name.endsWith(".yaml")
          ? representatives(faults, taken)
          : representatives(
              faults.filter(({ fault }) => FEW.has(fault)),
              new Set(),
            ),
      );
      expect(complaints).toEqual([]);
    },
  );
});
