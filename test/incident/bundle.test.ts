import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackBundle } from "../../src/host/bundle/unpack.ts";
import { recordHost, replayHost } from "../../src/host/recording.ts";
import { openHost } from "../../src/host/open-host.ts";
import { render } from "../../src/report/render.ts";
import { diagnose } from "../../src/requests/diagnose.ts";
import type { Source, Times } from "../../src/requests/request.ts";
import { allPages } from "../support/all-pages.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { requireTools } from "../support/requirements.ts";
import { runMvdoctor } from "../support/run-node.ts";

const STORY = "secret-never-loaded";
const NOW = ["--now", "2025-09-27 01:52:00"];

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-bundle-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const collected = (name: string, ...args: readonly string[]): string => {
  const file = join(scratch, name);
  const { status, stdout } = runMvdoctor(["collect", ...args, "--output-file", file, ...NOW]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  return file;
};

describe.skipIf(!canBuildTrees)("a bundle", () => {
  const tree = builtTrees(STORY);
  let whole = "";
  beforeAll(() => {
    whole = collected("all.mvb", "--root", tree(STORY));
  });

  it("gives the report of the host byte for byte, in every view and format", async () => {
    const recording = recordHost(openHost(tree(STORY)));
    const [, now = ""] = NOW;
    const live = await allPages(recording.host, { now });
    expect(await allPages(replayHost(recording.recorded()), { now })).toEqual(live);
  });

  it("gives it from its file, without journalctl, nix and rights", () => {
    for (const args of [["diagnose", "test-vm"], ["list"]]) {
      const live = runMvdoctor([...args, ...NOW, "--root", tree(STORY)]);
      const replayed = runMvdoctor([...args, ...NOW, "--bundle", whole], {
        env: { PATH: "/nonexistent" },
      });
      expect({ args, ...replayed }).toEqual({ args, ...live });
    }
  });

  it.each<readonly [readonly string[], Times]>([
    [["test-vm"], { since: "01:00" }],
    [["test-vm"], { since: "00:42:00", until: "00:44" }],
    [["test-vm"], { boot: "0" }],
    [[], { since: "00:44:30", utc: true }],
  ])("gives it for %j and %j, too", async (vms, times) => {
    const pageFrom = async (source: Source): Promise<string> => {
      const now = NOW[1];
      const answer = await diagnose({ source, times: { ...times, now }, vms });
      if (answer.status !== "diagnosed") return JSON.stringify(answer);
      return render(answer.reports, "diagnosis", "json", { width: 80, colour: false });
    };
    expect(await pageFrom({ bundle: whole })).toBe(await pageFrom({ root: tree(STORY) }));
  });

  it("says nothing of VMs and of times that it was not collected for", () => {
    const file = collected("part.mvb", "test-vm", "--since", "01:00", "--root", tree(STORY));
    expect(runMvdoctor(["list", "--bundle", file, ...NOW]).stdout.split("\n")).toHaveLength(3);
    const other = runMvdoctor(["diagnose", "app-vm-02", "--bundle", file]);
    expect(other.status).toBe(4);
    expect(other.stderr).toContain("the VMs found are test-vm");
    expect(runMvdoctor(["diagnose", "nobody", "--bundle", file]).status).toBe(4);
    const args = ["diagnose", "test-vm", "--json", ...NOW];
    const live = runMvdoctor([...args, "--since", "01:00", "--root", tree(STORY)]);
    expect(runMvdoctor([...args, "--bundle", file]).stdout).toBe(live.stdout);
    expect(runMvdoctor([...args, "--since", "00:30", "--bundle", file]).stdout).toBe(live.stdout);
  });

  it("tells of each source how it was asked, and how it ended", async () => {
    const unpacked = await unpackBundle(await readFile(whole));
    if (unpacked.status !== "unpacked") throw new Error(unpacked.why);
    const [{ sources, vms } = { sources: [], vms: [] }] = unpacked.manifest.hosts;
    expect(vms).toEqual(["app-vm-02", "plain-vm", "test-vm"]);
    expect(unpacked.manifest).toMatchObject({ interrupted: false, tool: { name: "mvdoctor" } });
    expect(new Set(sources.map(({ kind }) => kind))).toEqual(
      new Set(["files", "text", "command", "journal"]),
    );
    const boots = sources.find(
      (source) => source.kind === "command" && source.args.includes("--list-boots"),
    );
    expect(boots).toMatchObject({ program: "journalctl", exitCode: 0, stderr: "", cut: null });
  });

  it("is readable for its owner alone", () => {
    expect(statSync(whole).mode & 0o777).toBe(0o600);
  });

  it("is not written in part when the disk is full", () => {
    const mount = join(scratch, "full");
    execFileSync("mkdir", [mount]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", mount]);
    try {
      const file = join(mount, "x.mvb");
      const ended = runMvdoctor([
        "collect",
        "plain-vm",
        "--root",
        tree(STORY),
        "--output-file",
        file,
      ]);
      expect(ended.status).toBe(2);
      expect(ended.stderr).toContain("no space left");
      expect(readdirSync(mount)).toEqual([]);
    } finally {
      execFileSync("umount", [mount]);
    }
  });
});

describe("a plan", () => {
  it.skipIf(!requireTools("strace"))("names what would be asked, and asks nothing", async () => {
    const log = join(scratch, "trace");
    const { stdout, status } = runMvdoctor(["collect", "--dry-run", "test-vm"], {
      wrap: ["strace", "-f", "-qq", "-e", "trace=execve", "-o", log],
    });
    expect(status).toBe(0);
    expect(stdout).toContain("journalctl --list-boots");
    expect(stdout).toContain("UNIT=microvm@test-vm.service");
    expect(stdout).toContain("/var/lib/microvms");
    expect((await readFile(log, "utf8")).match(/execve\(/gu)).toHaveLength(1);
  });

  it("is there for programs, too", () => {
    const { stdout } = runMvdoctor(["collect", "--dry-run", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
  });

  it("is not written where a bundle is asked for without a file", () => {
    const ended = runMvdoctor(["collect"]);
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr).toContain("--output-file");
    expect(existsSync(join(scratch, "none"))).toBe(false);
  });
});

describe("an interrupted collection", () => {
  it("writes what there is and ends with 130", async () => {
    const bin = join(scratch, "bin");
    execFileSync("mkdir", [bin]);
    // Tells when it was asked, and does not answer.
    await writeFile(join(bin, "journalctl"), `#!/bin/sh\nkill -INT $PPID\nexec sleep 30\n`, {
      mode: 0o755,
    });
    const file = join(scratch, "interrupted.mvb");
    const ended = runMvdoctor(["collect", "test-vm", "--output-file", file], {
      env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    });
    expect(ended.status).toBe(130);
    const unpacked = await unpackBundle(await readFile(file));
    expect(unpacked).toMatchObject({ status: "unpacked", manifest: { interrupted: true } });
    const replayed = runMvdoctor(["diagnose", "--bundle", file, "--json", ...NOW]);
    expect(replayed.stdout).toContain("interrupted");
    expect(JSON.parse(replayed.stdout)).toMatchObject({ complete: false });
  });
});
