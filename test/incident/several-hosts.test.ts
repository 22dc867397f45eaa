import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { canServeJournals, serveJournals } from "../support/gateway.ts";
import { requireTools } from "../support/requirements.ts";
import { runMvdoctor } from "../support/run-node.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { serveTree } from "../support/ssh-tree.ts";

const STORY = "secret-never-loaded";
const NOW = ["--now", "2025-09-27 05:52:00 UTC"];
const OWN = { id: "4f2b9c1d7a6e4b0c8d3e5f60718293a4", name: "britton-desktop" };
const OTHER = { id: "1111222233334444aaaa666677778888", name: "other-host" };
const canServe = canBuildTrees && requireTools("sshd", "ssh", "ssh-keygen");

interface Answer {
  readonly complete: boolean;
  readonly host: { readonly name: string | null };
  readonly hosts: readonly { readonly name: string; readonly machineId: string }[];
  readonly coverage: {
    readonly gaps: readonly { readonly host: string; readonly reason: string }[];
  };
  readonly vms: readonly {
    readonly vm: string;
    readonly host: string;
    readonly rootCauses: readonly string[];
  }[];
  readonly evidence: readonly { readonly id: string; readonly host: string }[];
}

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-hosts-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const asked = (...args: readonly string[]) => {
  const { status, stdout, stderr } = runMvdoctor(["diagnose", "--json", ...NOW, ...args]);
  return { status, stderr, answer: JSON.parse(stdout) as Answer };
};

describe.skipIf(!canBuildTrees)("the journals of two hosts in one directory", () => {
  const tree = builtTrees(STORY);
  let directory = "";
  beforeAll(async () => {
    directory = join(scratch, "remote");
    await mkdir(directory);
    const text = execFileSync(
      "journalctl",
      ["-D", join(tree(STORY), "var/log/journal"), "-o", "export"],
      { encoding: "latin1", maxBuffer: 1e9 },
    );
    const other = text
      .replaceAll(OWN.id, OTHER.id)
      .replaceAll(OWN.name, OTHER.name)
      .replaceAll("9a1c3e5f7b2d4860a1b2c3d4e5f60718", "9a1c3e5f7b2d4860a1b2c3d4e5f60719");
    for (const [name, input] of Object.entries({ one: text, two: other }))
      execFileSync(
        "/usr/lib/systemd/systemd-journal-remote",
        ["-o", join(directory, `remote-${name}.journal`), "-"],
        { input: Buffer.from(input, "latin1"), stdio: ["pipe", "ignore", "ignore"] },
      );
  });

  it("are told apart, each VM and each piece of evidence with its host", () => {
    const { status, answer } = asked("test-vm", "--merge", "-D", directory);
    expect(status).toBe(1);
    expect(answer.host.name).toBeNull();
    expect(answer.hosts.map(({ name, machineId }) => [name, machineId])).toEqual([
      [OWN.name, OWN.id],
      [OTHER.name, OTHER.id],
    ]);
    expect(answer.vms.map(({ vm, host }) => `${vm} on ${host}`)).toEqual([
      `test-vm on ${OWN.name}`,
      `test-vm on ${OTHER.name}`,
    ]);
    expect(new Set(answer.evidence.map(({ id }) => id)).size).toBe(answer.evidence.length);
    expect(new Set(answer.evidence.map(({ host }) => host)).size).toBe(2);
  });

  it("are a page each for people", () => {
    const { stdout } = runMvdoctor(["list", "plain-vm", "-m", "-D", directory, ...NOW]);
    expect(stdout).toContain(`=== Host ${OWN.name} ===`);
    expect(stdout).toContain(`=== Host ${OTHER.name} ===`);
    expect(runMvdoctor(["report", "plain-vm", "-D", directory, ...NOW]).stdout).toContain(
      `**Host ${OTHER.name}**`,
    );
  });

  it("give the same from a bundle", () => {
    const file = join(scratch, "fleet.mvb");
    runMvdoctor(["collect", "-m", "-D", directory, "--output-file", file, ...NOW]);
    const live = runMvdoctor(["diagnose", "--json", "-m", "-D", directory, ...NOW]);
    expect(live.stdout).toContain("there may be VMs that are not known");
    expect(runMvdoctor(["diagnose", "--json", "--bundle", file, ...NOW])).toEqual(live);
  });

  it.skipIf(!canServeJournals)("are told apart when a gateway serves them", async () => {
    const gateway = await serveJournals(directory);
    try {
      const { answer } = asked("plain-vm", "--journal-url", gateway.url);
      expect(answer.vms.map(({ host }) => host)).toEqual([OWN.name, OTHER.name]);
    } finally {
      gateway.stop();
    }
  });
});

describe.skipIf(!canServe)("hosts over ssh", () => {
  const tree = builtTrees(STORY);
  let server: SshServer;
  let env: Readonly<Record<string, string>>;
  let live = "";
  beforeAll(async () => {
    server = await serveTree(tree(STORY));
    // The real ssh, which finds the server where its configuration says so.
    const bin = join(scratch, "bin");
    await mkdir(bin);
    const ssh = execFileSync("which", ["ssh"], { encoding: "utf8" }).trim();
    await writeFile(
      join(bin, "ssh"),
      `#!/bin/sh\nfor last; do :; done\ncase "$*" in *nowhere*) exec ${ssh} "$@";; esac\nexec ${ssh} ${server.options.join(" ")} "$@"\n`,
      { mode: 0o755 },
    );
    env = { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  });
  afterAll(async () => {
    await server.stop();
  });

  it("are one report, with a gap for the one that does not answer", () => {
    const args = ["diagnose", "test-vm", "--json", "-H", "root@here", "-H", "nowhere.invalid"];
    const { status, stdout } = runMvdoctor([...args, ...NOW], { env });
    live = stdout;
    expect(status).toBe(1);
    const answer = JSON.parse(stdout) as Answer;
    expect(answer.complete).toBe(false);
    expect(answer.vms).toMatchObject([
      { vm: "test-vm", host: OWN.name, rootCauses: ["runner/no-secret-path", "access/file-mode"] },
    ]);
    expect(answer.coverage.gaps.filter(({ host }) => host !== OWN.name)).toMatchObject([
      {
        host: "nowhere.invalid",
        reason: expect.stringContaining("nowhere.invalid cannot be asked"),
      },
    ]);
  });

  it("are collected like any other, and need no ssh any more", async () => {
    const file = join(scratch, "ssh.mvb");
    const hosts = ["-H", "root@here", "-H", "nowhere.invalid"];
    runMvdoctor(["collect", "test-vm", ...hosts, "--output-file", file, ...NOW], { env });
    const replayed = runMvdoctor(["diagnose", "test-vm", "--json", "--bundle", file, ...NOW]);
    expect(replayed.stdout).toBe(live);
  });
});

describe("a host that cannot be reached", () => {
  it("is a gap, and nothing is said of it", () => {
    const { status, answer } = asked("-H", "nowhere.invalid");
    expect(status).toBe(3);
    expect(answer.vms).toEqual([]);
    const { stdout } = runMvdoctor(["diagnose", "-H", "nowhere.invalid"]);
    expect(stdout).toContain("Nothing is known: nowhere.invalid cannot be asked");
    expect(stdout).not.toContain("No VM was found");
  });

  it.each([
    [["-H", "a", "--root", "/"], "--host"],
    [["--sudo"], "--host"],
    [["-m", "--bundle", "x"], "--bundle"],
    [["--journal-url", "ftp://a"], "http"],
    [["--journal-url", "http://me:secret@a"], "password"],
    [["--file", "/nonexistent/*.journal"], "names no file"],
  ])("is not mixed with other sources: %j", (args, words) => {
    const { status, stderr, stdout } = runMvdoctor(["list", ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).not.toContain("secret@");
  });
});
