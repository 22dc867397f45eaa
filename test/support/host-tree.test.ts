import { lstat, mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { buildHostTree, loadScenario } from "./host-tree.ts";
import { journalEntries } from "./journal-entries.ts";
import { clockOf } from "./local-time.ts";
import { requireRoot, requireTools } from "./requirements.ts";
import { planStore } from "./store-plan.ts";

const DEFAULT_RUNNER = "/nix/store/mc5gi9pjf5a2a19c0syr42ahddslg5a9-microvm-test-vm-microvm-run";
const API_KEY = "/run/secrets.d/4/vars/test-vm-secrets/api-key";

const canBuild =
  requireTools("journalctl", "systemd-journal-remote", "nix-store", "getfacl", "setfacl") &&
  requireRoot();

let root = "";

beforeAll(async () => {
  if (!canBuild) return;
  root = await mkdtemp(join(tmpdir(), "mvdoctor-host-tree-"));
  await buildHostTree(await loadScenario("secret-never-loaded"), root);
});

afterAll(async () => {
  if (root !== "") await rm(root, { recursive: true, force: true });
});

const journal = async (...args: readonly string[]): Promise<Record<string, unknown>[]> => {
  const { stdout } = await execa("journalctl", ["--root", root, "--all", "-o", "json", ...args]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line): Record<string, unknown> => JSON.parse(line));
};

const nixStore = async (...args: readonly string[]): Promise<string[]> => {
  const { stdout } = await execa("nix-store", ["--store", root, ...args]);
  return stdout.split("\n").filter(Boolean);
};

const readLinkOf = (path: string): Promise<string> => readlink(join(root, path));

describe.skipIf(!canBuild)("the journal", () => {
  test("holds the 26 rounds of the loop, each with an invocation of its own", async () => {
    const failures = await journal("UNIT=microvm@test-vm.service", "UNIT_RESULT=exit-code");
    expect(failures).toHaveLength(26);
    expect(new Set(failures.map((entry) => entry["INVOCATION_ID"])).size).toBe(26);
  });

  test("ties the runner's complaint to the round in which it was made", async () => {
    const [complaint] = await journal("_SYSTEMD_UNIT=microvm@test-vm.service", "_PID=6981");
    expect(complaint).toMatchObject({
      MESSAGE: "cat: /run/secrets/vars/test-vm-secrets/api-key: Permission denied",
      SYSLOG_IDENTIFIER: "microvm@test-vm",
      _TRANSPORT: "stdout",
      _UID: "986",
      // 2025-09-27 00:41:39.120 in New York
      __REALTIME_TIMESTAMP: "1758948099120000",
    });
    const starts = await journal(
      "UNIT=microvm@test-vm.service",
      "MESSAGE_ID=7d4958e842da4a758f6c1cdc7b36dcc5",
    );
    expect(complaint?.["_SYSTEMD_INVOCATION_ID"]).toBe(starts[0]?.["INVOCATION_ID"]);
  });

  test("is found by journalctl's own idea of a unit", async () => {
    const ofUnit = await journal("--unit", "microvm@test-vm.service");
    expect(ofUnit.some((entry) => entry["_PID"] === "1")).toBe(true);
    expect(ofUnit.some((entry) => entry["_TRANSPORT"] === "stdout")).toBe(true);
  });

  test("keeps the colours of the guest's console as bytes", async () => {
    const console = await journal("SYSLOG_IDENTIFIER=microvm@plain-vm");
    expect(console.some((entry) => Array.isArray(entry["MESSAGE"]))).toBe(true);
  });

  test("has no hole of more than three minutes", async () => {
    const times = (await journal()).map((entry) => Number(entry["__REALTIME_TIMESTAMP"]));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
    expect(Math.max(...gaps)).toBeLessThan(180_000_000);
  });
});

describe.skipIf(!canBuild)("the Nix store", () => {
  test("knows the runner, what refers to it, and the true hash of everything", async () => {
    await nixStore("--check-validity", DEFAULT_RUNNER);
    expect(await nixStore("--query", "--referrers", DEFAULT_RUNNER)).toContain(
      await readLinkOf("/var/lib/microvms/test-vm/current"),
    );
    await nixStore("--verify", "--check-contents");
  });

  test("keeps two runners that no root reaches", async () => {
    const dead = await nixStore("--gc", "--print-dead");
    const orphans = dead.filter((path) => path.endsWith("-microvm-test-vm-microvm-run"));
    expect(orphans).toHaveLength(2);
    expect(orphans).not.toContain(DEFAULT_RUNNER);
  });
});

describe.skipIf(!canBuild)("the files", () => {
  test("have the owners, modes, sizes and times of the host", async () => {
    const secret = await lstat(join(root, API_KEY));
    expect({
      mode: secret.mode & 0o7777,
      uid: secret.uid,
      gid: secret.gid,
      size: secret.size,
    }).toEqual({
      mode: 0o400,
      uid: 0,
      gid: 0,
      size: 44,
    });
    expect(secret.mtime).toEqual(new Date("2025-09-27T05:32:42.550Z"));
    const directory = await lstat(join(root, "/var/lib/microvms/test-vm"));
    expect([directory.uid, directory.gid]).toEqual([986, 302]);
  });

  test("let the VM's user read a credential by its ACL", async () => {
    const path = join(root, "/run/credentials/microvm@test-vm.service/host-api-key");
    const { stdout } = await execa("getfacl", [
      "--numeric",
      "--omit-header",
      "--absolute-names",
      path,
    ]);
    expect(stdout).toContain("user:986:r--");
  });

  test("lead from the VM's state to its runner", async () => {
    const current = await readLinkOf("/var/lib/microvms/test-vm/current");
    expect(current).toMatch(/^\/nix\/store\/[0-9a-z]{32}-microvm-cloud-hypervisor-test-vm$/u);
    expect(await readLinkOf(`${current}/bin/microvm-run`)).toBe(DEFAULT_RUNNER);
    expect((await lstat(join(root, "/var/lib/microvms/test-vm/current"))).mtime).toEqual(
      new Date("2025-09-27T05:32:58.412Z"),
    );
  });

  test("lead from /etc to the units as on NixOS", async () => {
    expect(await readLinkOf("/etc/systemd/system")).toBe("/etc/static/systemd/system");
    const units = await readLinkOf(`${await readLinkOf("/etc/static")}/systemd/system`);
    const overrides = await readLinkOf(`${units}/microvm@test-vm.service.d/overrides.conf`);
    expect(await readFile(join(root, overrides), "utf8")).toContain("LoadCredential=host-api-key:");
  });
});

describe("a variant", () => {
  const entriesOf = async (name: string) => {
    const scenario = await loadScenario(`secret-never-loaded/${name}`);
    const clock = clockOf(scenario.host);
    const entries = journalEntries(scenario, { clock, fill: planStore(scenario).fill });
    return { clock, entries };
  };

  test("drops what anybody wrote where its journal has a hole, and nothing else", async () => {
    const { clock, entries } = await entriesOf("journal-hole");
    const before = entries.filter(({ time }) => time < clock("00:44:37"));
    const after = entries.filter(({ time }) => time >= clock("01:32:30"));
    expect(before.length).toBeGreaterThan(0);
    expect(after.length).toBeGreaterThan(0);
    expect(before.length + after.length).toBe(entries.length);
  });

  test.for(["worked-at-0100", "repaired"])(
    "%s adds a time in which the guest had its secrets",
    async (name) => {
      const { entries } = await entriesOf(name);
      const messages = entries.map(({ fields }) => fields["MESSAGE"] ?? "");
      expect(messages.some((text) => text.includes("API_KEY = 44 bytes"))).toBe(true);
      expect(messages.some((text) => text.includes("API_KEY = 0 bytes"))).toBe(true);
    },
  );
});
