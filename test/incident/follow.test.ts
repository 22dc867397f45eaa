import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { canBuildTrees } from "../support/built-trees.ts";
import { buildHostTree, loadScenario } from "../support/host-tree.ts";
import { until } from "../support/own-systemd.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const FOLLOW = [join(REPOSITORY, "dist/bin.js"), "timeline", "test-vm", "--follow"];

describe.skipIf(!canBuildTrees)("timeline -f on a journal that grows", () => {
  let scratch = "";
  let newest = "";
  let held = "";
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-follow-"));
    const tree = join(scratch, "host");
    await buildHostTree(await loadScenario("secret-never-loaded"), tree, {
      journalFiles: 2,
      nixDatabase: false,
    });
    const journal = join(tree, "var/log/journal");
    newest = join(journal, readdirSync(journal)[0] ?? "", "system.journal");
    held = join(scratch, "system.journal");
    renameSync(newest, held);
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it("shows the newest rows, and then what comes", async () => {
    const child = spawn(process.execPath, [...FOLLOW, "-n", "2", "--root", join(scratch, "host")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
    });
    try {
      await until("the rows of before", async () => shown.split("\n").length > 2);
      expect(shown).not.toContain("API_KEY = 0 bytes");
      const before = shown.split("\n").filter((line) => /^\d\d:/u.test(line));
      expect(before).toHaveLength(2);
      renameSync(held, newest);
      await until("what comes", async () => shown.includes("API_KEY"));
      expect(shown).toMatch(/^01:33:00 test-vm start: the VM is started$/mu);
    } finally {
      child.kill("SIGINT");
    }
    const [status] = (await once(child, "close")) as [number | null];
    expect(status).toBe(130);
  });

  it("ends quietly where nobody reads any more", async () => {
    const child = spawn(process.execPath, [...FOLLOW, "--root", join(scratch, "host")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.destroy();
    const [status] = (await once(child, "close")) as [number | null];
    expect(status).toBe(0);
  });
});

describe("timeline -f", () => {
  test.for<[string, readonly string[]]>([
    ["a bundle", ["--bundle", "fixtures/incidents/secret-never-loaded/evidence.mvb"]],
    ["an end", ["--until", "now"]],
    ["a file", ["--output-file", "timeline.txt"]],
    ["Markdown", ["-o", "markdown"]],
  ])("is refused with %s", ([, flags]) => {
    const { status, stdout, stderr } = runMvdoctor(["timeline", "-f", ...flags]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("--follow");
  });
});
