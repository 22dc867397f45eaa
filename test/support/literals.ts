import { lineKey, lookedAt } from "../../src/evidence/coverage.ts";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import type { HostIdentity } from "../../src/evidence/host-identity.ts";
import type { HostJournal, Invocation, VmJournal } from "../../src/evidence/journal.ts";
import type { OutputMeaning } from "../../src/evidence/output.ts";
import type { ConfigurationRepository } from "../../src/evidence/configuration-repository.ts";
import type { CommandRef, FileRef, FileStat, JournalRef } from "../../src/evidence/reference.ts";
import type { Runner } from "../../src/evidence/runner.ts";
import type { PathWalk, SecretFiles } from "../../src/evidence/secret-files.ts";
import type { StateDirectory, StateLink } from "../../src/evidence/state-directory.ts";
import type { Registrations } from "../../src/evidence/store-history.ts";
import type { LiveUnit, LoadedCredential, VmUnit } from "../../src/evidence/unit.ts";
import {
  bootId,
  hostPath,
  invocationId,
  micros,
  parseVmName,
  type Micros,
  storePathOf,
  unitName,
  type StorePath,
  type VmName,
} from "../../src/vocabulary.ts";

/** Literal evidence for tests of rules: everything has a default, so that a test names only what it is about. */

const SECOND = 1_000_000;
const START = 1_758_948_000 * SECOND;
const BOOT = bootId("b".repeat(32));
const UNIT = unitName("microvm@demo-vm.service");

export const vmName = (): VmName => {
  const parsed = parseVmName("demo-vm");
  if (parsed === undefined) throw new Error("demo-vm is a VM's name");
  return parsed;
};

export const store = (name: string): StorePath => {
  const path = storePathOf(`/nix/store/${"0".repeat(32)}-${name}`);
  if (path === undefined) throw new Error(`${name} is no store name`);
  return path;
};

let lines = 0;
/** A line of the journal, `at` seconds after its beginning. */
export const line = (at: number, text: string, more: Partial<JournalRef> = {}): JournalRef => {
  lines += 1;
  return {
    kind: "journal",
    cursor: `c${lines}`,
    time: micros(START + at * SECOND),
    identifier: "microvm@demo-vm",
    text,
    ...more,
  };
};

const statOf = (stat: Partial<FileStat> = {}): FileStat => ({
  type: "file",
  mode: 0o400,
  uid: 0,
  gid: 0,
  size: 44,
  mtime: micros(START),
  ctime: micros(START),
  ...stat,
});

export const file = (path: string, stat: Partial<FileStat> = {}): FileRef => ({
  kind: "file",
  path: hostPath(path),
  stat: statOf(stat),
});

/** A directory, 0755 of root unless told otherwise. */
export const directory = (stat: Partial<FileStat> = {}): FileStat =>
  statOf({ type: "directory", mode: 0o755, size: 0, ...stat });

/** The walk to a file that is there. */
export const walkTo = (
  path: string,
  stat: Partial<FileStat> = {},
  directories: Readonly<Record<string, FileStat>> = {},
): PathWalk => {
  const names = path.split("/").filter(Boolean);
  const parents = names.slice(0, -1).map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
  const own = { path: hostPath(path), stat: statOf(stat) };
  const above = ["/", ...parents].map((one) => ({
    path: hostPath(one),
    stat: directories[one] ?? directory(),
  }));
  return {
    path: hostPath(path),
    components: [...above, own],
    end: "present",
    file: own,
    ref: { kind: "file", path: own.path, stat: own.stat },
  };
};

export const walkToNothing = (path: string): PathWalk => ({
  path: hostPath(path),
  components: [{ path: hostPath("/"), stat: directory() }],
  end: "absent",
  stopped: hostPath(path),
  ref: { kind: "file", path: hostPath(path), absent: true },
});

export const secretFiles = (...walks: readonly PathWalk[]): SecretFiles => ({
  walks: new Map(walks.map((walk) => [walk.path, walk])),
  aclsRead: true,
});

export const runner = (more: Partial<Runner> = {}): Runner => ({
  directory: store("microvm-qemu-demo-vm"),
  script: hostPath(store("microvm-demo-vm-microvm-run")),
  ref: file(store("microvm-demo-vm-microvm-run"), { mode: 0o555 }),
  size: 1000,
  channels: [],
  reads: [],
  notifies: false,
  ...more,
});

export const readOf = (path: string, errorSwallowed = false): Runner["reads"][number] => ({
  path: hostPath(path),
  errorSwallowed,
  ref: { kind: "file", path: hostPath("/nix/store/x"), line: 4, text: `cat ${path}` },
});

const TEMPLATE = file("/etc/systemd/system/microvm@.service");

export const unit = (more: Partial<VmUnit> = {}): VmUnit => ({
  name: UNIT,
  fragment: TEMPLATE,
  shadowsTemplate: false,
  dropIns: [],
  user: { value: "microvm", ref: TEMPLATE },
  group: { value: "kvm", ref: TEMPLATE },
  supplementaryGroups: [],
  type: undefined,
  restart: { value: "always", ref: TEMPLATE },
  restartSec: { value: "5s", ref: TEMPLATE },
  execStart: [],
  execStartPre: [],
  execStartPost: [],
  timeout: undefined,
  environment: [],
  dependencies: [],
  needs: [],
  credentials: [],
  imported: [],
  setIds: [],
  environmentFiles: [],
  conditions: [],
  sandbox: [],
  live: undefined,
  ...more,
});

/** What `systemctl show` says of a unit that runs. */
export const liveUnit = (more: Partial<LiveUnit> = {}): LiveUnit => ({
  activeState: "active",
  subState: "running",
  result: "success",
  needsReload: false,
  ref: {
    kind: "command",
    argv: ["systemctl", "show", UNIT],
    exitCode: 0,
    text: "ActiveState=active SubState=running Result=success",
  },
  ...more,
});

export const credential = (id: string, source?: string): LoadedCredential => ({
  id,
  encrypted: false,
  ref: file("/etc/systemd/system/microvm@demo-vm.service.d/secrets.conf"),
  ...(source === undefined ? {} : { source: hostPath(source) }),
});

export const identity: HostIdentity = {
  name: "host",
  machineId: "0".repeat(32),
  zone: "UTC",
  users: new Map([["microvm", { name: "microvm", uid: 986, gid: 302 }]]),
  groups: new Map([["kvm", { name: "kvm", gid: 302, members: [] }]]),
};

export const state = (links: StateDirectory["links"]): StateDirectory => ({
  path: hostPath("/var/lib/microvms/demo-vm"),
  ref: { kind: "file", path: hostPath("/var/lib/microvms/demo-vm"), stat: directory() },
  links,
  flavour: "declarative",
});

export const link = (name: "current" | "booted", target: StorePath): StateLink => ({
  name,
  hops: [
    {
      kind: "file",
      path: hostPath(`/var/lib/microvms/demo-vm/${name}`),
      stat: statOf({ type: "symlink", target, mtime: micros(START - SECOND) }),
    },
  ],
  end: "resolved",
  store: target,
});

interface StartOptions {
  /** Seconds until its end; without it, it goes on. */
  readonly lives?: number;
  readonly fails?: boolean;
  readonly says?: readonly OutputMeaning[];
  readonly restarts?: boolean;
  readonly more?: Partial<Invocation>;
}

let starts = 0;
/** A start of the VM, `at` seconds after the journal's beginning. */
export const start = (
  at: number,
  { lives, fails = lives !== undefined, says = [], restarts = fails, more = {} }: StartOptions = {},
): Invocation => {
  starts += 1;
  const end = lives === undefined ? undefined : line(at + lives, "Failed with result 'exit-code'.");
  const first = line(at, "Starting MicroVM 'demo-vm'...", { identifier: "systemd", pid: 1 });
  const failure = fails ? end : undefined;
  return {
    id: invocationId(starts.toString(16).padStart(32, "0")),
    unit: UNIT,
    boot: BOOT,
    first,
    last: end ?? first,
    started: first,
    exits: failure ? [{ command: "ExecStart", code: "exited", status: 1, ref: failure }] : [],
    spawnFailures: [],
    ...(failure ? { result: { value: "exit-code", ref: failure } } : {}),
    ...(end && !fails ? { succeeded: end } : {}),
    ...(end && restarts ? { restart: end } : {}),
    outputLines: says.length,
    lines: says.map((meaning) => ({ meanings: [meaning], ref: line(at, meaning.kind) })),
    ...more,
  };
};

export const denied = (path: string): OutputMeaning => ({
  kind: "permission-denied",
  path: hostPath(path),
  program: "cat",
});

export const size = (name: string, bytes: number): OutputMeaning => ({
  kind: "credential-size",
  name,
  bytes,
});

export const vmJournal = (
  invocations: readonly Invocation[],
  more: Partial<VmJournal> = {},
): VmJournal => ({
  invocations,
  helpers: [],
  skipped: [],
  limits: [],
  failedJobs: [],
  stops: [],
  entries: invocations.length,
  ...more,
});

const FIRST = micros(START);
const LAST = micros(START + 3600 * SECOND);

/** A journal of an hour, without a hole. */
export const hostJournal = (more: Partial<HostJournal> = {}): HostJournal => ({
  boots: [{ id: BOOT, first: FIRST, last: LAST }],
  first: FIRST,
  last: LAST,
  events: [],
  suppressed: [],
  clockSteps: [],
  holes: [],
  sequenceHoles: [],
  shortfalls: [],
  ...more,
});

/** The same hour with a hole in it. */
export const holedJournal = (): HostJournal =>
  hostJournal({ holes: [{ since: FIRST, until: LAST }] });

/** The same hour with a journal file gone from its middle. */
export const numbersLost = (): HostJournal =>
  hostJournal({
    sequenceHoles: [{ since: FIRST, until: LAST, count: 400, after: 100, before: 501 }],
  });

const absent = (path: string): FileRef => ({ kind: "file", path: hostPath(path), absent: true });

/** `at` seconds after the beginning of the journal. */
export const moment = (at: number): Micros => micros(START + at * SECOND);

export const command = (...argv: readonly string[]): CommandRef => ({
  kind: "command",
  argv,
  exitCode: 0,
});

/** When store paths were registered, in seconds after the beginning of the journal. */
export const registrations = (
  ...times: readonly (readonly [StorePath, number])[]
): Registrations => ({
  times: new Map(times.map(([path, at]) => [path, moment(at)] as const)),
  ref: command("nix", "path-info"),
});

/** A configuration repository of one commit, clean, with no word of a runner. */
export const repository = (
  more: Partial<ConfigurationRepository> = {},
): ConfigurationRepository => ({
  directory: "/srv/config",
  head: {
    commit: "a".repeat(40),
    committed: moment(-3600),
    subject: "one",
    branch: "main",
    ref: command("git", "log"),
  },
  searches: [],
  stashes: [],
  changed: [],
  untracked: [],
  status: command("git", "status"),
  locks: [],
  searched: {
    kind: "coverage",
    source: "configuration repository",
    text: "all refs",
    ledger: [lineKey(lookedAt("configuration-repository", "all refs"))],
  },
  problems: [],
  ...more,
});

/** What else there is to know of a host, where nothing of it is worth a word. */
export const quietHost: Pick<
  EvidenceMap,
  | "platform"
  | "kernelLog"
  | "installation"
  | "otherUnits"
  | "credentialStore"
  | "guestSystem"
  | "shares"
  | "registrations"
  | "sourceCopies"
  | "configurationRepository"
  | "runnerNeeds"
> = {
  platform: { devices: {}, hasDevices: false },
  kernelLog: { denials: [], kills: [] },
  installation: { declared: [], roots: [], keys: [], events: [], declarationsRead: true },
  otherUnits: { units: [] },
  credentialStore: {
    given: {
      path: hostPath("/run/credentials/microvm@demo-vm.service"),
      ref: absent("/run/credentials/microvm@demo-vm.service"),
      state: "absent",
      credentials: [],
    },
    places: [],
    hostKey: absent("/var/lib/systemd/credential.secret"),
    machineId: file("/etc/machine-id", { mode: 0o444, size: 33 }),
  },
  guestSystem: {
    toplevel: store("nixos-system-demo-vm-25.11"),
    ref: file("/var/lib/microvms/demo-vm/toplevel", { type: "directory" }),
    consumers: [],
    unitsRead: true,
    declared: [],
    kernelParameters: [],
  },
  shares: { directories: [] },
  registrations: registrations(),
  sourceCopies: { copies: [], looked: 0 },
  configurationRepository: repository(),
  runnerNeeds: { volumes: [], interfaces: [] },
};
