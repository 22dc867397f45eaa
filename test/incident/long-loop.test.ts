import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBuildTrees } from "../support/built-trees.ts";
import { buildHostTree, loadScenario, type Scenario } from "../support/host-tree.ts";
import { runMvdoctor } from "../support/run-node.ts";

const ROUNDS = 400;

/** The incident with a loop that nobody stops for 400 rounds. */
const longLoop = (scenario: Scenario): Scenario => ({
  ...scenario,
  journal: {
    ...scenario.journal,
    events: scenario.journal.events
      .filter((event) => !("sudo" in event || ("at" in event && event.at.startsWith("00:44:38"))))
      .map((event) => ("loop" in event ? { ...event, count: ROUNDS } : event)),
  },
});

interface JsonRow {
  readonly time: string;
  readonly kind: string;
  readonly text: string;
  readonly alike?: true;
  readonly loop?: { readonly count: number; readonly density: readonly number[] };
}

describe.skipIf(!canBuildTrees)("the timeline of a long loop", () => {
  let root = "";
  beforeAll(async () => {
    root = join(mkdtempSync(join(tmpdir(), "mvdoctor-loop-")), "host");
    await buildHostTree(longLoop(await loadScenario("secret-never-loaded")), root);
  });
  afterAll(() => {
    if (root !== "") rmSync(join(root, ".."), { recursive: true, force: true });
  });

  const timeline = (...flags: readonly string[]): string =>
    runMvdoctor(["timeline", "test-vm", "--root", root, ...flags]).stdout;
  const rowsOf = (...flags: readonly string[]): readonly JsonRow[] =>
    (
      JSON.parse(timeline("--json", ...flags)) as {
        readonly vms: readonly { readonly rows: readonly JsonRow[] }[];
      }
    ).vms.flatMap(({ rows }) => rows);

  it("counts every round in one row, and fits its density into a screen of 80 columns", () => {
    const [loop, ...others] = rowsOf().filter(({ kind }) => kind === "loop");
    expect(others).toEqual([]);
    expect(loop?.loop?.count).toBe(ROUNDS);
    expect(loop?.loop?.density.reduce((sum, count) => sum + count, 0)).toBe(ROUNDS);
    const strip = timeline()
      .split("\n")
      .find((line) => /^ +\[/u.test(line));
    expect(strip?.length).toBeLessThanOrEqual(80);
    expect(strip?.length).toBeGreaterThan(60);
  });

  it("shows each of them with --all, in order, and which are held as their times alone", () => {
    const starts = rowsOf("--all").filter(({ kind, text }) => kind === "start" && text === "start");
    const looped = starts.slice(0, ROUNDS);
    expect(starts).toHaveLength(ROUNDS + 1);
    expect(new Set(looped.map(({ time }) => time)).size).toBe(ROUNDS);
    expect(looped.map(({ time }) => time)).toEqual(looped.map(({ time }) => time).toSorted());
    const alike = looped.filter((row) => row.alike === true).length;
    expect(alike).toBeGreaterThan(ROUNDS / 2);
    expect(timeline("--all").match(/the VM is started, and it goes as before$/gmu)).toHaveLength(
      alike,
    );
  });
});
