import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { buildHostTree, loadScenario } from "./host-tree.ts";
import { requireRoot, requireTools } from "./requirements.ts";

/** Whether host trees can be built: their owners need root, their journal and store the real tools. */
export const canBuildTrees =
  requireTools(
    "journalctl",
    "systemd-journal-remote",
    "nix-store",
    "getfacl",
    "setfacl",
    "unshare",
  ) && requireRoot();

/** Builds host trees before the tests of a file and removes them afterwards; gives the directory of each by its scenario. */
export const builtTrees = (...scenarios: readonly string[]): ((scenario: string) => string) => {
  const trees = new Map<string, string>();
  let scratch = "";
  beforeAll(async () => {
    if (!canBuildTrees) return;
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-tree-"));
    for (const [index, scenario] of scenarios.entries()) {
      const tree = join(scratch, String(index));
      await buildHostTree(await loadScenario(scenario), tree);
      trees.set(scenario, tree);
    }
  });
  afterAll(async () => {
    if (scratch !== "") await rm(scratch, { recursive: true, force: true });
  });
  return (scenario) => {
    const tree = trees.get(scenario);
    if (tree === undefined) throw new Error(`no tree was built for ${scenario}`);
    return tree;
  };
};
