import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { gitRepository, type GitRepository } from "../support/git-repository.ts";
import { parseReport, vmOf, type JsonVm } from "../support/report-json.ts";
import { requireTools } from "../support/requirements.ts";
import { runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const NOW = ["--now", "2025-09-27 02:30:00"];

/** The text of the runner that looped, as somebody would have declared it. */
const CUSTOM = `{
  microvm.vms.test-vm.config.microvm.binScripts.microvm-run = ''
    HOST_API_KEY=$(cat /run/secrets/vars/test-vm-secrets/api-key)
  '';
}
`;

describe.skipIf(!canBuildTrees || !requireTools("git"))("where a runner comes from", () => {
  const tree = builtTrees(STORY);
  let scratch = "";
  let repository: GitRepository;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-provenance-"));
    repository = gitRepository(join(scratch, "config"));
    repository.commit("the host", { "host.nix": "{ microvm.vms.test-vm = { }; }\n" }, -3600);
    repository.git("checkout", "--quiet", "-b", "try");
    repository.commit("read the secrets in the runner", { "vm.nix": CUSTOM }, 4 * 3600 + 1800);
    repository.git("checkout", "--quiet", "main");
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  const diagnose = (...more: readonly string[]): JsonVm =>
    vmOf(
      parseReport(
        runMvdoctor(["diagnose", "test-vm", "--root", tree(STORY), "--json", ...NOW, ...more])
          .stdout,
      ),
      "test-vm",
    );
  const states = (vm: JsonVm): ReadonlyMap<string, string> =>
    new Map(vm.hypotheses.map(({ question, claim, state }) => [`${question} ${claim}`, state]));

  it("is told per phase, between the times that links and the store give", () => {
    const [loop, stopped, now] = diagnose().phases;
    expect(stopped?.provenance).toBeNull();
    expect(now?.provenance).toMatchObject({
      kind: "generation",
      notBefore: "2025-09-27T04:31:07.000000Z",
      notAfter: "2025-09-27T05:32:58.412000Z",
    });
    expect(loop?.provenance).toMatchObject({
      kind: "unknown",
      notBefore: "2025-09-27T04:37:44.000000Z",
      notAfter: "2025-09-27T04:41:39.020000Z",
    });
    expect(loop?.provenance?.text).toContain("would not have done what was seen");
  });

  it("a branch of the configuration turns the row of branches, and those that it can rule out", () => {
    const before = states(diagnose());
    const after = states(diagnose("--flake", repository.directory));
    const turned = [...after].filter(([row, state]) => state !== before.get(row));
    expect([...after.keys()]).toEqual([...before.keys()]);
    const supported = turned.filter(([, state]) => state === "supported");
    expect(supported.map(([row]) => row)).toEqual([
      expect.stringContaining("It stands on another branch"),
    ]);
    const others = turned.filter(([, state]) => state !== "supported");
    expect(others.map(([row, state]) => `${state} ${row}`)).toEqual([
      expect.stringMatching(/^refuted .*A commit of the branch/u),
      expect.stringMatching(/^refuted .*It lies in a stash/u),
      expect.stringMatching(/^refuted .*never built/u),
    ]);
  });

  it("a stash turns its row and no other", () => {
    const before = states(diagnose("--flake", repository.directory));
    const copy = join(scratch, "stashed");
    execFileSync("cp", ["-a", repository.directory, copy]);
    const stashed = gitRepository(copy);
    stashed.write({ "vm.nix": CUSTOM });
    stashed.git("stash", "--include-untracked");
    const after = states(diagnose("--flake", `git+file://${copy}#test-vm`));
    expect([...after].filter(([row, state]) => state !== before.get(row))).toEqual([
      [expect.stringContaining("It lies in a stash"), "supported"],
    ]);
  });

  it("the commands that decide on the repository's rows find the commit", () => {
    const rows = diagnose("--flake", repository.directory).hypotheses.filter(({ decideBy }) =>
      decideBy.startsWith("git "),
    );
    expect(rows.length).toBeGreaterThan(4);
    const output = rows.map(({ decideBy }) =>
      execFileSync("sh", ["-c", `${decideBy} || test $? -eq 1`], { encoding: "utf8" }),
    );
    expect(output.join("\n")).toContain("read the secrets in the runner");
  });

  it("a bundle that was made with the repository gives the same report", async () => {
    const root = tree(STORY);
    const flake = repository.directory;
    const file = join(scratch, "host.mvb");
    runMvdoctor(["collect", "--root", root, "--flake", flake, "--output-file", file]);
    const args = ["diagnose", "test-vm", "--json", ...NOW, "--flake", flake];
    const live = runMvdoctor([...args, "--root", root]).stdout;
    execFileSync("mv", [flake, `${flake}-away`]);
    try {
      expect(runMvdoctor([...args, "--bundle", file]).stdout).toBe(live);
    } finally {
      execFileSync("mv", [`${flake}-away`, flake]);
    }
  });

  it("a directory that is none, or no directory's reference, is wrong usage", () => {
    for (const flake of [
      "github:a/b",
      join(scratch, "none"),
      join(repository.directory, "host.nix"),
    ]) {
      const ended = runMvdoctor(["diagnose", "--root", tree(STORY), "--flake", flake]);
      expect(ended.status).toBe(2);
      expect(ended.stderr).toContain("--flake");
    }
    expect(runMvdoctor(["diagnose", "--root", tree(STORY), "--flake", ""]).status).toBe(2);
  });

  it("a directory without a repository is a named gap beside the rest of the report", () => {
    const { stdout, status } = runMvdoctor([
      "diagnose",
      "test-vm",
      "--root",
      tree(STORY),
      "--json",
      "--flake",
      scratch,
    ]);
    const report = parseReport(stdout);
    expect(status).toBe(1);
    expect(report.complete).toBe(true);
    expect(report.coverage.gaps).toContainEqual(
      expect.objectContaining({ source: "configuration-repository" }),
    );
  });
});
