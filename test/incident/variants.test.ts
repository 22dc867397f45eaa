import { describe, expect, it } from "vitest";
import { openHost } from "../../src/host/open-host.ts";
import { allPages } from "../support/all-pages.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { findingOf, parseReport, vmOf, type JsonReport } from "../support/report-json.ts";
import { runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const HOLE = `${STORY}/journal-hole`;
const WORKED = `${STORY}/worked-at-0100`;
const REPAIRED = `${STORY}/repaired`;
const NOW = ["--now", "2025-09-27 02:30:00"];

describe.skipIf(!canBuildTrees)("the incident and its variants", () => {
  const tree = builtTrees(STORY, HOLE, WORKED, REPAIRED);
  const known = new Map<string, ReturnType<typeof ask>>();
  const ask = (scenario: string, vms: readonly string[]) => {
    const ended = runMvdoctor(["diagnose", ...vms, "--root", tree(scenario), "--json", ...NOW]);
    return { ...ended, report: parseReport(ended.stdout) };
  };
  /** Asked once for each question: the same evidence gives the same bytes, as a test of its own shows. */
  const diagnose = (scenario: string, ...vms: readonly string[]): ReturnType<typeof ask> => {
    const key = [scenario, ...vms].join(" ");
    const answer = known.get(key) ?? ask(scenario, vms);
    known.set(key, answer);
    return answer;
  };

  it("names the missing way first and the refused read of phase 1 after it", () => {
    const { status, report } = diagnose(STORY, "test-vm");
    const vm = vmOf(report, "test-vm");
    expect(status).toBe(1);
    expect(report.complete).toBe(true);
    expect(vm.status).toBe("failing");
    expect(vm.rootCauses).toEqual(["runner/no-secret-path", "access/file-mode"]);
    expect(findingOf(vm, "access/file-mode")).toMatchObject({
      role: "root-cause",
      certainty: "proven",
      phase: 1,
    });
    expect(findingOf(vm, "runner/no-secret-path")).toMatchObject({
      role: "root-cause",
      phase: vm.phases.at(-1)?.index,
    });
  });

  it("follows the chain down to the loop and to the 0 bytes", () => {
    const vm = vmOf(diagnose(STORY, "test-vm").report, "test-vm");
    const loop = findingOf(vm, "lifecycle/crash-loop");
    expect(loop.causedBy).toEqual(["access/file-mode"]);
    expect(loop.subject).toMatchObject({
      count: 26,
      first: "2025-09-27T04:41:39.020000Z",
    });
    expect(loop.subject["period"]).toBeCloseTo(7, 0);
    expect(findingOf(vm, "guest/empty-credential").causedBy).toEqual(["runner/no-secret-path"]);
    expect(findingOf(vm, "credentials/configured-unused").causedBy).toEqual([
      "runner/no-secret-path",
    ]);
  });

  it("says why the customisation had no effect and that the earlier runner is from nowhere declared", () => {
    const vm = vmOf(diagnose(STORY, "test-vm").report, "test-vm");
    expect(findingOf(vm, "runner/override-discarded").explanation).toContain("reserved names");
    expect(findingOf(vm, "runner/unknown-origin").phase).toBe(1);
    expect(vm.hypotheses.every(({ decideBy }) => decideBy !== "")).toBe(true);
  });

  it("shows each secret broken at the runner and nothing behind it as reached", () => {
    const { stages } = vmOf(diagnose(STORY, "test-vm").report, "test-vm");
    expect(stages.map(({ secret }) => secret)).toEqual(["api-key", "db-password", "jwt-secret"]);
    for (const { stages: way } of stages) {
      expect(way).toEqual({
        source: "ok",
        access: "ok",
        credentials: "ok",
        runner: "broken",
        hypervisor: "not-reached",
        guest: "not-reached",
      });
    }
  });

  it("cites only evidence that the report holds", () => {
    for (const scenario of [STORY, HOLE, WORKED, REPAIRED]) {
      const { report } = diagnose(scenario, "test-vm");
      const ids = new Set(report.evidence.map(({ id }) => id));
      expect(citedIn(report).filter((id) => !ids.has(id))).toEqual([]);
    }
  });

  it("says no where the journal covers the whole time, and names the coverage", () => {
    const { report } = diagnose(STORY, "test-vm");
    const { everWorked } = vmOf(report, "test-vm");
    expect(everWorked.answer).toBe("no");
    const kinds = report.evidence.filter(({ id }) => everWorked.evidence.includes(id));
    expect(kinds.map(({ kind }) => kind)).toContain("coverage");
  });

  it("does not say no across a hole of the journal", () => {
    const { status, report } = diagnose(HOLE, "test-vm");
    expect(status).toBe(1);
    expect(vmOf(report, "test-vm").everWorked.answer).toBe("unknown");
    expect(report.complete).toBe(false);
    expect(report.coverage.gaps.map(({ source }) => source)).toContain("journal");
  });

  it("says yes by the guest's own word, also where it is lost again", () => {
    const { status, report } = diagnose(WORKED, "test-vm");
    const vm = vmOf(report, "test-vm");
    expect(status).toBe(1);
    expect(vm.everWorked.answer).toBe("yes");
    expect(vm.everWorked.evidence.length).toBeGreaterThan(0);
    expect(vm.rootCauses).toEqual(["runner/no-secret-path"]);
  });

  it("finds nothing to repair where it was repaired, and still tells the story", () => {
    const { status, report } = diagnose(REPAIRED, "test-vm");
    const vm = vmOf(report, "test-vm");
    expect(status).toBe(0);
    expect(vm).toMatchObject({ status: "healthy", rootCauses: [], everWorked: { answer: "yes" } });
    expect(vm.phases.length).toBeGreaterThan(2);
  });

  it("finds nothing wrong with the neighbours of the same host", () => {
    for (const scenario of [STORY, WORKED, REPAIRED]) {
      const { status, report } = diagnose(scenario, "app-vm-02", "plain-vm");
      expect(status).toBe(0);
      expect(report.vms.map((vm) => [vm.vm, vm.status, vm.rootCauses])).toEqual([
        ["app-vm-02", "healthy", []],
        ["plain-vm", "healthy", []],
      ]);
    }
  });

  it("gives the same bytes twice, in every format", async () => {
    const look = () => allPages(openHost(tree(STORY)), { now: NOW[1] }, ["test-vm"]);
    expect(await look()).toEqual(await look());
    const args = ["report", "test-vm", "--root", tree(STORY), ...NOW];
    expect(runMvdoctor(args).stdout).toBe(runMvdoctor(args).stdout);
  });

  it("reads --since on the host's clock, on the day of the last entry", () => {
    const ended = runMvdoctor(["timeline", "--since", "00:40", "--root", tree(STORY), "--json"]);
    expect(ended.stdout).toContain('"since": "2025-09-27T04:40:00.000000Z"');
  });
});

const citedIn = (report: JsonReport): readonly string[] =>
  report.vms.flatMap(({ everWorked, findings }) => [
    ...everWorked.evidence,
    ...findings.flatMap(({ evidence }) => evidence),
  ]);
