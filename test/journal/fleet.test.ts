import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openJournalFiles, readerOfFiles } from "../../src/host/journal-files.ts";
import { readBoots } from "../../src/journal/boots.ts";
import type { JournalEntry as Entry } from "../../src/journal/entry.ts";
import { journalHosts, type FleetHost } from "../../src/journal/fleet.ts";
import { vmMatches } from "../../src/journal/matches.ts";
import { readEntries } from "../../src/journal/read.ts";
import { parseVmName, type VmName } from "../../src/vocabulary.ts";
import type { JournalEntry } from "../support/journal-entries.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { requireTools } from "../support/requirements.ts";

const START = 1_758_948_000_000_000;
const RECEIVER = "f".repeat(32);
const VM = vmNamed("test-vm");

function vmNamed(name: string): VmName {
  const vm = parseVmName(name);
  if (vm === undefined) throw new Error(name);
  return vm;
}

const id = (number: number): string => number.toString(16).padStart(32, "0");

interface Told {
  readonly machine: number;
  readonly hostname: string;
  readonly vm?: string;
  /** Seconds behind the start; each hour is a boot of its own. */
  readonly at: number;
  readonly boot?: number;
}

const entry = ({
  machine,
  hostname,
  vm,
  at,
  boot = Math.floor(at / 3600),
}: Told): JournalEntry => ({
  time: START + at * 1_000_000,
  fields: {
    _MACHINE_ID: id(machine),
    _HOSTNAME: hostname,
    _BOOT_ID: id(machine * 1000 + boot),
    _TRANSPORT: "journal",
    _PID: "1",
    SYSLOG_IDENTIFIER: "systemd",
    MESSAGE: `${hostname} ${at}`,
    ...(vm === undefined ? {} : { UNIT: `microvm@${vm}.service` }),
  },
});

const messages = async ({ host }: FleetHost, matches: readonly string[] = []) => {
  const found: Entry[] = [];
  await readEntries(host, matches, {}, (one) => found.push(one));
  return found.map(({ message }) => message);
};

const names = (hosts: readonly FleetHost[]) =>
  hosts.map(({ hostname, machineId }) => `${hostname} ${Number.parseInt(machineId, 16)}`);

describe.skipIf(!requireTools("journalctl", "systemd-journal-remote"))("a fleet", () => {
  let scratch = "";
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-fleet-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  let count = 0;
  const write = async (file: string, told: readonly Told[]): Promise<void> => {
    count += 1;
    const text = exportText(
      told.map((one) => entry(one)),
      START - 1_000_000,
    );
    await writeJournal(join(scratch, file), text, RECEIVER, count);
  };

  it("is told apart by machine, whatever the files are called", async () => {
    await write("remote/remote-alpha.journal", [
      { machine: 1, hostname: "alpha", vm: "test-vm", at: 10 },
      { machine: 1, hostname: "alpha", at: 20 },
    ]);
    await write(`remote/remote-alpha@${id(9)}-${"0".repeat(16)}-${"1".repeat(16)}.journal`, [
      { machine: 1, hostname: "alpha", at: 5 },
    ]);
    // It had another name when its VM was not there yet.
    await write("remote/remote-old-alpha.journal", [{ machine: 1, hostname: "old-alpha", at: 1 }]);
    await write("remote/remote-beta.journal", [
      { machine: 2, hostname: "beta", vm: "test-vm", at: 11 },
    ]);
    await write("remote/remote-gamma.journal", [
      { machine: 3, hostname: "gamma", vm: "other", at: 12 },
    ]);
    const { hosts, complaints } = await journalHosts(
      { kind: "directory", directory: join(scratch, "remote") },
      [VM],
    );
    expect(complaints).toEqual([]);
    expect(names(hosts)).toEqual(["alpha 1", "beta 2"]);
    expect(await Promise.all(hosts.map((host) => messages(host)))).toEqual([
      ["old-alpha 1", "alpha 5", "alpha 10", "alpha 20"],
      ["beta 11"],
    ]);
    const all = await journalHosts({ kind: "directory", directory: join(scratch, "remote") }, []);
    expect(names(all.hosts)).toEqual(["alpha 1", "beta 2", "gamma 3"]);
  });

  it("has nothing but journals", async () => {
    const { hosts } = await journalHosts(
      { kind: "directory", directory: join(scratch, "remote") },
      [vmNamed("other")],
    );
    const [gamma] = hosts;
    expect(await gamma?.host.run({ program: "nix-store", args: [] })).toMatchObject({
      failure: "not-possible",
      stderr: "only a journal was given",
    });
  });

  const mixed = (): readonly Told[] =>
    [1, 2, 3, 2, 1, 2].map((machine, index) => ({
      machine,
      hostname: `host-${machine}`,
      at: index * 2000,
      ...(machine === 3 ? {} : { vm: "test-vm" }),
    }));

  /** What is asked of each host of the mixed journal, and what only its own entries may answer. */
  const expectApart = async (hosts: readonly FleetHost[]): Promise<void> => {
    expect(names(hosts)).toEqual(["host-1 1", "host-2 2"]);
    const [, second] = hosts;
    if (second === undefined) throw new Error("no second host");
    expect(await messages(second)).toEqual(["host-2 2000", "host-2 6000", "host-2 10000"]);
    expect(await messages(second, vmMatches(VM))).toHaveLength(3);
    expect((await readBoots(second.host)).boots.map((boot) => boot.id)).toEqual([
      id(2000),
      id(2001),
      id(2002),
    ]);
    const asked = async (...args: readonly string[]) =>
      (await second.host.run({ program: "journalctl", args })).stdout;
    expect(await asked("--field=_HOSTNAME")).toBe("host-2\n");
    expect(await asked("--output=json", "--lines=1", "--boot=-1")).toContain("host-2 6000");
    expect(await asked("--output=json", "--lines=1", "--boot=1")).toContain("host-2 2000");
    expect(await asked("--output=json", "--lines=1", "--boot=-7")).toBe("");
  };

  it("that one file holds is told apart by entry", async () => {
    await write("mixed/all.journal", mixed());
    const place = { kind: "directory", directory: join(scratch, "mixed") } as const;
    await expectApart((await journalHosts(place, [VM])).hosts);
    expect((await journalHosts(place, [])).hosts).toHaveLength(3);
  });

  it("that a saved text holds is told apart by entry", async () => {
    const journal = join(scratch, "mixed/all.journal");
    const text = join(scratch, "mixed.export");
    writeFileSync(text, execFileSync("journalctl", ["--file", journal, "--output=export"]));
    const opened = await openJournalFiles([text]);
    if (opened.status !== "opened") throw new Error(opened.message);
    const reader = { kind: "reader", journal: readerOfFiles(opened), origin: text } as const;
    await expectApart((await journalHosts(reader, [VM])).hosts);
  });

  it("keeps machines apart that have their directories", async () => {
    await write(`machines/${id(1)}/system.journal`, [
      { machine: 1, hostname: "one", vm: "test-vm", at: 1 },
    ]);
    await write(`machines/${id(1)}/user-1000.journal`, [{ machine: 1, hostname: "one", at: 2 }]);
    await write(`machines/${id(2)}/system.journal`, [
      { machine: 2, hostname: "two", vm: "test-vm", at: 3 },
    ]);
    await write("machines/remote/remote-three.journal", [
      { machine: 3, hostname: "three", vm: "test-vm", at: 3 },
    ]);
    const { hosts } = await journalHosts(
      { kind: "directory", directory: join(scratch, "machines") },
      [VM],
    );
    expect(names(hosts)).toEqual(["one 1", "three 3", "two 2"]);
    const [one] = hosts;
    expect(one === undefined ? [] : await messages(one)).toEqual(["one 1", "one 2"]);
  });

  it("keeps hosts apart that run at the same time with one machine id", async () => {
    const clone = (hostname: string, boot: number): readonly Told[] =>
      [0, 3000].map((at) => ({ machine: 7, hostname, vm: "test-vm", at, boot }));
    await write("clones/remote-one.journal", clone("one", 0));
    await write("clones/remote-two.journal", clone("two", 1));
    const { hosts, complaints } = await journalHosts(
      { kind: "directory", directory: join(scratch, "clones") },
      [VM],
    );
    expect(names(hosts)).toEqual(["one 7", "two 7"]);
    expect(await Promise.all(hosts.map((host) => messages(host)))).toEqual([
      ["one 0", "one 3000"],
      ["two 0", "two 3000"],
    ]);
    expect(complaints).toEqual([
      expect.stringMatching(
        /^several hosts have the machine id 0+7: .*remote-one and .*remote-two are/u,
      ),
    ]);
  });

  it("is read without the files that are damaged, and they are named", async () => {
    const place = join(scratch, "damaged");
    mkdirSync(place);
    copyFileSync(join(scratch, "remote/remote-beta.journal"), join(place, "remote-beta.journal"));
    const archived = join(place, `remote-beta@${"0".repeat(16)}-${"1".repeat(16)}.journal~`);
    const alone = join(place, "remote-delta.journal");
    for (const file of [archived, alone]) writeFileSync(file, "LPKSHHRH, and then no more");
    const fleet = await journalHosts({ kind: "directory", directory: place }, [VM]);
    expect(names(fleet.hosts)).toEqual(["beta 2"]);
    expect(fleet.complaints).toHaveLength(2);
    for (const file of [archived, alone]) {
      expect(fleet.complaints).toContainEqual(
        expect.stringContaining(`${file} could not be read: Failed to open files`),
      );
    }
  });
});

const HOSTS = 200;

describe.skipIf(!requireTools("journalctl", "systemd-journal-remote", "strace"))(
  `${HOSTS} hosts in one directory`,
  () => {
    let scratch = "";
    beforeAll(async () => {
      scratch = mkdtempSync(join(tmpdir(), "mvdoctor-hosts-"));
      // One file under many names, and the one that holds the VM: each has eight MiB.
      const plain = join(scratch, "plain/remote-host-0.journal");
      const at = { machine: 1, hostname: "host", at: 1 };
      await writeJournal(plain, exportText([entry(at)], START - 1_000_000), RECEIVER);
      const holding = join(scratch, "fleet/remote-host-133.journal");
      const vm = { machine: 2, hostname: "host-133", vm: "test-vm", at: 2 };
      await writeJournal(holding, exportText([entry(vm)], START - 1_000_000), RECEIVER, 1);
      mkdirSync(join(scratch, "alone"));
      copyFileSync(holding, join(scratch, "alone/remote-host-133.journal"));
      for (let host = 0; host < HOSTS; host += 1) {
        const file = join(scratch, `fleet/remote-host-${host}.journal`);
        if (host !== 133) linkSync(plain, file);
      }
    });
    afterAll(() => {
      rmSync(scratch, { recursive: true });
    });

    /** Runs the search and then a question about the VM; gives how many journalctls ran and which journal files they opened. */
    const traced = (directory: string) => {
      const script = `
        import { journalHosts } from ${JSON.stringify(join(import.meta.dirname, "../../src/journal/fleet.ts"))};
        const { hosts } = await journalHosts({ kind: "directory", directory: ${JSON.stringify(directory)} }, ["test-vm"]);
        process.stdout.write(hosts.map(({ hostname }) => hostname).join());
        process.chdir(${JSON.stringify(scratch)});
        for (const { host } of hosts) await host.run({ program: "journalctl", args: ["--output=json", "UNIT=microvm@test-vm.service"] });
      `;
      const log = `${directory}.strace`;
      const strace = ["-f", "-qq", "--seccomp-bpf", "-o", log, "-e", "status=successful"];
      const node = [process.execPath, "--input-type=module", "--eval", script];
      const found = execFileSync(
        "strace",
        [...strace, "-e", "trace=execve,openat,chdir", ...node],
        { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
      );
      const trace = readFileSync(log, "utf8");
      const asked = trace.indexOf(`chdir(${JSON.stringify(scratch)})`);
      return {
        found,
        search: workIn(trace.slice(0, asked)),
        question: workIn(trace.slice(asked)),
      };
    };

    const workIn = (trace: string) => ({
      processes: trace.split("\n").filter((line) => /execve\(.*journalctl/u.test(line)).length,
      opened: trace.split("\n").filter((line) => /openat\(.*\.journal"/u.test(line)).length,
    });

    it("cost as much as one, but for a search that halves", () => {
      const alone = traced(join(scratch, "alone"));
      const fleet = traced(join(scratch, "fleet"));
      expect(fleet.found).toBe("host-133");
      expect(alone.found).toBe("host-133");
      expect(fleet.question).toEqual({ processes: 1, opened: 1 });
      expect(fleet.question).toEqual(alone.question);
      const halvings = 2 * Math.ceil(Math.log2(HOSTS));
      expect(fleet.search.processes).toBeLessThanOrEqual(alone.search.processes + halvings + 1);
    });
  },
);
