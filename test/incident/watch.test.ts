import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { canBuildTrees } from "../support/built-trees.ts";
import { buildHostTree, loadScenario } from "../support/host-tree.ts";
import { until } from "../support/own-systemd.ts";
import { REPOSITORY, runMvdoctor } from "../support/run-node.ts";

const WATCH = [join(REPOSITORY, "dist/bin.js"), "watch", "test-vm"];

interface Watching {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
}

describe.skipIf(!canBuildTrees)("watch on a journal that grows", () => {
  let scratch = "";
  let newest = "";
  let held = "";
  let running: ChildProcess | undefined;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-watch-"));
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
  afterEach(() => {
    if (running?.exitCode === null) running.kill("SIGKILL");
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  const watching = (...flags: readonly string[]): Watching => {
    const child = spawn(process.execPath, [...WATCH, "--root", join(scratch, "host"), ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, SECRET_OF_OURS: "x" },
    });
    running = child;
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    return { child, out: () => out, err: () => err };
  };
  const endOf = async (child: ChildProcess): Promise<readonly [number | null, string | null]> =>
    (await once(child, "close")) as [number | null, string | null];

  it("says what is so already, then what becomes true and what no longer is, also after a silence", async () => {
    const told = join(scratch, "told");
    const { child, out, err } = watching(
      "--timeout=1",
      "--exec",
      `sh -c '{ echo "$MVDOCTOR_EVENT $MVDOCTOR_ALREADY $MVDOCTOR_RULE $SECRET_OF_OURS."; wc -l; } >> ${told}; exit 3'`,
    );
    await until("the first look", async () => err().includes("watching test-vm"));
    await until("what is so already", async () => out().includes("never-started"));
    expect(out()).toMatch(
      /^\d\d:\d\d:\d\d test-vm already so: ROOT CAUSE access\/file-mode \(error, proven\)$/mu,
    );
    // journalctl --follow is ended by the limit meanwhile, and begun anew.
    await new Promise((resolve) => {
      setTimeout(resolve, 2500);
    });
    renameSync(held, newest);
    await until("what comes", async () => out().includes("guest/empty-credential"));
    renameSync(newest, held);
    expect(out()).toMatch(/^\d\d:\d\d:\d\d test-vm no longer: lifecycle\/crash-loop$/mu);
    expect(out()).not.toMatch(/no longer: runner\/no-secret-path/u);
    expect(out().match(/runner\/no-secret-path/gu)).toHaveLength(1);
    await until("the last command", async () =>
      readFileSync(told, "utf8").includes("appeared 0 guest/empty-credential .\n1\n"),
    );
    expect(readFileSync(told, "utf8")).toMatch(/^appeared 1 access\/file-mode \.\n1\n/u);
    expect(err()).toContain("--exec: sh ended with 3, for access/file-mode of test-vm");
    child.kill("SIGINT");
    expect(await endOf(child)).toEqual([130, null]);
  }, 60_000);

  it("leaves out what was so already where only news are wanted, and ends by SIGTERM", async () => {
    const { child, out, err } = watching("--json", "--only-new", "--severity", "error");
    await until("the first look", async () => err().includes("watching test-vm"));
    renameSync(held, newest);
    await until("what comes", async () => out().includes("guest/empty-credential"));
    renameSync(newest, held);
    const events = out()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.every(({ already }) => already === false)).toBe(true);
    expect(events.at(-1)).toMatchObject({
      event: "appeared",
      vm: "test-vm",
      host: "britton-desktop",
      finding: { id: "guest/empty-credential", severity: "error" },
    });
    child.kill("SIGTERM");
    expect(await endOf(child)).toEqual([null, "SIGTERM"]);
  }, 60_000);

  it("ends quietly where nobody reads any more", async () => {
    const { child, err } = watching("-q");
    child.stdout?.destroy();
    expect(await endOf(child)).toEqual([0, null]);
    expect(err()).toBe("");
  }, 60_000);
});

describe("watch", () => {
  test.for<[string, readonly string[], string]>([
    ["a bundle", ["--bundle", "x.mvb"], "--bundle"],
    ["a text in the place of a journal", ["--file", "package.json"], "cannot be followed"],
    ["a pipe that needs a shell", ["--exec", "cat | mail root"], "needs a shell for |"],
    ["a redirection", ["--exec", "cat >/dev/null"], "needs a shell for >/dev/null"],
    ["a command without a program", ["--exec", " "], "names no program"],
    ["a severity that is none", ["--severity", "bad"], "--severity"],
  ])("is refused with %s", ([, flags, message]) => {
    const { status, stdout, stderr } = runMvdoctor(["watch", "test-vm", ...flags]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("goes on");
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});
