import type { HostJournalRead } from "../collectors/host-journal.ts";
import { findHoles, type Silences } from "../collectors/journal-silences.ts";
import { collectGenerations, readInstaller, type Installer } from "../collectors/generations.ts";
import { collectRunnerNeeds } from "../collectors/runner-needs.ts";
import { collectRunners } from "../collectors/linked-runners.ts";
import { collectLinkedSystems } from "../collectors/linked-systems.ts";
import { collectSecretFiles } from "../collectors/secret-files.ts";
import { collectStateDirectory, type InstallUnit } from "../collectors/state-directory.ts";
import { collectStore } from "../collectors/store.ts";
import { collectCredentialStore } from "../collectors/credential-store.ts";
import { collectGuestSystem } from "../collectors/guest-system.ts";
import { collectInstallation } from "../collectors/installation.ts";
import { collectOtherUnits, INSTALLER_UNITS } from "../collectors/other-units.ts";
import { collectShares } from "../collectors/shares.ts";
import { collectUnit } from "../collectors/unit.ts";
import { collectVmJournal } from "../collectors/vm-journal.ts";
import {
  collected,
  unavailable,
  valueOf,
  type Collected,
  type CollectedEvidence,
  type Gap,
  type LinkedRunners,
  type UnavailableReason,
} from "../evidence/evidence.ts";
import { lineKey, type Shortfall } from "../evidence/coverage.ts";
import type { HostIdentity } from "../evidence/host-identity.ts";
import type { VmJournal } from "../evidence/journal.ts";
import type { KernelLog } from "../evidence/kernel-log.ts";
import type { LinkedSystems } from "../evidence/linked-systems.ts";
import type { Platform } from "../evidence/platform.ts";
import type { Shares } from "../evidence/shares.ts";
import type { Generations, Store } from "../evidence/store.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { VmUnit } from "../evidence/unit.ts";
import { silence } from "../facts/ledger.ts";
import { environmentPaths } from "../facts/environment-files.ts";
import { sharedSecretFiles } from "../facts/secrets.ts";
import { endOfStart, meaningsIn } from "../facts/starts.ts";
import type { Host } from "../host/host.ts";
import { collectProvenance, provenanceGaps, type SharedProvenance } from "./collect-provenance.ts";
import { watchSources } from "./loss-gaps.ts";
import type { Window } from "../journal/read.ts";
import {
  hostPath,
  micros,
  type HostPath,
  type Micros,
  type StorePath,
  type VmName,
} from "../vocabulary.ts";

/** What all VMs of a host share; read once. */
export interface HostFacts extends SharedProvenance {
  readonly stateRoot: HostPath;
  readonly identity: Collected<HostIdentity>;
  readonly journal: HostJournalRead;
  readonly platform: Platform;
  readonly kernelLog: Collected<KernelLog>;
}

export interface VmEvidence {
  readonly vm: VmName;
  readonly evidence: CollectedEvidence;
  readonly systems: LinkedSystems;
  /** The runner that the host's configuration installs for it. */
  readonly declared?: StorePath;
  readonly gaps: readonly Gap[];
}

/** Runs all collectors for one VM. One that fails is a gap, never the end of the others. */
export const collectVm = async (
  host: Host,
  vm: VmName,
  shared: HostFacts,
  window: Window,
): Promise<VmEvidence> => {
  const installPath = hostPath(`/etc/systemd/system/install-microvm-${vm}.service`);
  const lossy = watchSources(host);
  const installer = await readInstaller(lossy.of("state-directory"), installPath);
  const links = guarded("state directory", () =>
    collectStateDirectory(
      lossy.of("state-directory"),
      shared.stateRoot,
      vm,
      installUnit(installer),
    ),
  );
  const [journal, state, unit, generations] = await Promise.all([
    guarded("journal", async () => {
      const events = turningPoints(shared, valueOf(await links));
      return collected(await collectVmJournal(host, vm, window, events));
    }),
    links,
    guarded("unit", () => collectUnit(lossy.of("unit"), vm)),
    guarded("generations", () => collectGenerations(lossy.of("generations"), vm)),
  ]);
  const vmJournal = valueOf(journal)?.journal;
  const known = valueOf(state);
  const runners =
    known === undefined
      ? unavailable("not-found", "without the state directory there is no runner to read")
      : await guarded("runner", () =>
          collectRunners(lossy.of("runner"), known, valueOf(unit)?.execStart),
        );
  const store = await guarded("Nix store", () =>
    collectStore(
      lossy.of("nix-store"),
      storeQuestion(vm, known, valueOf(runners), valueOf(generations)),
    ),
  );
  // Only a list tells of it: that a bundle of before has no answer is no gap of a diagnosis.
  const systems: Promise<LinkedSystems> =
    known === undefined ? Promise.resolve({}) : collectLinkedSystems(host, known);
  const paths = secretPaths(valueOf(unit), valueOf(runners), valueOf(store), vmJournal);
  const installed = guarded("installation of secrets", () =>
    collectInstallation(lossy.of("secret-installation"), window),
  );
  const provenance = collectProvenance(lossy.of("nix-store"), vm, shared, {
    ...(store.status === "collected" ? { store: store.value } : {}),
    ...(generations.status === "collected" ? { generations: generations.value } : {}),
  });
  const shown = withState(known, "shares", (there) =>
    collectShares(lossy.of("shares"), valueOf(runners) ?? {}, there),
  );
  const needs = withState(known, "needs of the runner", (there) =>
    collectRunnerNeeds(lossy.of("runner"), valueOf(runners)?.current, there),
  );
  const [secretFiles, otherUnits, installation, credentialStore, guestSystem, shares, silences] =
    await Promise.all([
      guarded("secret files", async () =>
        collectSecretFiles(
          lossy.of("secret-files"),
          [...paths, ...sharedSecretPaths(valueOf(await shown))],
          valueOf(unit)?.live === undefined ? lastRefused(vmJournal) : undefined,
        ),
      ),
      guarded("other units", async () => {
        const keys = valueOf(await installed)?.keys ?? [];
        const question = {
          paths: [...new Set([...paths, ...keys.map(({ path }) => path)])],
          named: [...INSTALLER_UNITS, ...(valueOf(unit)?.needs ?? [])],
          vm,
        };
        return collected(await collectOtherUnits(lossy.of("other-units"), question, window));
      }),
      installed,
      guarded("credential store", () => collectCredentialStore(lossy.of("credential-store"), vm)),
      withState(known, "guest's system", (there) =>
        collectGuestSystem(lossy.of("guest-system"), there),
      ),
      shown,
      vmJournal === undefined ? NO_SILENCE : holesIn(host, vmJournal, shared.journal, window),
    ]);
  const summary = valueOf(journal)?.summary;
  const evidence: CollectedEvidence = {
    identity: shared.identity,
    hostJournal: collected({ ...shared.journal.journal, ...silences }),
    vmJournal: journalOf(journal),
    state,
    runners,
    unit,
    secretFiles,
    store,
    generations,
    platform: collected(shared.platform),
    kernelLog: shared.kernelLog,
    installation,
    otherUnits,
    credentialStore,
    guestSystem,
    shares,
    runnerNeeds: await needs,
    ...(await provenance),
  };
  const told: readonly Gap[] = [
    ...(summary?.failure === undefined ? [] : [journalGap(vm, summary.failure)]),
    ...(summary !== undefined && summary.malformed > 0
      ? [journalGap(vm, `${summary.malformed} entries of this VM could not be understood`)]
      : []),
    ...(silences.unchecked === undefined
      ? []
      : [journalGap(vm, `its silences could not be looked at: ${silences.unchecked}`)]),
    ...silences.holes.map((hole) => ({
      ...journalGap(vm, "no entry of anybody for a long time: a hole or a silent host"),
      ref: {
        kind: "coverage" as const,
        source: "journal",
        text: "hole",
        ...hole,
        ledger: [lineKey(silence(hole))] as const,
      },
    })),
    ...gapsOf(vm, evidence),
    ...provenanceGaps(vm, evidence),
  ];
  return {
    vm,
    evidence,
    systems: await systems,
    ...(installer?.runner === undefined ? {} : { declared: installer.runner }),
    gaps: [...told, ...lossy.gaps(told, unavailableIn(evidence), vm)],
  };
};

/** What an installer does with a state directory, for the flavour of a VM. */
export const installUnit = (installer: Installer | undefined): InstallUnit =>
  installer === undefined ? "none" : installer.frozen ? "frozen" : "installs";

/** More kills than these are what a loop is made of, and tell no round from another. */
const MOST_KILLS = 64;

/** When something happened that may make one start differ from the one before. */
const turningPoints = (
  { journal, kernelLog }: HostFacts,
  state: StateDirectory | undefined,
): readonly Micros[] => {
  const relinked = state?.links.current?.hops[0].stat?.mtime;
  const kills = valueOf(kernelLog)?.kills ?? [];
  return [
    ...journal.journal.events.flatMap(({ kind, ref }) => (kind === "switch" ? [ref.time] : [])),
    ...(relinked === undefined ? [] : [relinked]),
    ...(kills.length > MOST_KILLS ? [] : kills.map(({ ref }) => ref.time)),
  ];
};

export const journalOf = (
  read: Collected<{ readonly journal: VmJournal; readonly summary: { readonly failure?: string } }>,
): Collected<VmJournal> => {
  if (read.status === "unavailable") return read;
  const { journal, summary } = read.value;
  return summary.failure !== undefined && journal.entries === 0
    ? unavailable("failed", summary.failure)
    : collected(journal);
};

/** A bug in a collector is a gap for the report, with its words. */
export const guarded = async <T>(
  what: string,
  collect: () => Promise<Collected<T>>,
): Promise<Collected<T>> => {
  try {
    return await collect();
  } catch (error) {
    return unavailable(
      "failed",
      `collecting the ${what} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

const withState = <T>(
  state: StateDirectory | undefined,
  what: string,
  collect: (state: StateDirectory) => Promise<Collected<T>>,
): Promise<Collected<T>> =>
  guarded(what, async () =>
    state === undefined
      ? unavailable("not-found", `without the state directory the ${what} is not known`)
      : collect(state),
  );

const SOURCES: readonly {
  readonly key: keyof CollectedEvidence;
  readonly source: Gap["source"];
  readonly required: boolean;
}[] = [
  { key: "identity", source: "host", required: false },
  { key: "vmJournal", source: "journal", required: true },
  { key: "state", source: "state-directory", required: true },
  { key: "runners", source: "runner", required: false },
  { key: "unit", source: "unit", required: false },
  { key: "secretFiles", source: "secret-files", required: false },
  { key: "store", source: "nix-store", required: false },
  { key: "generations", source: "generations", required: false },
  { key: "kernelLog", source: "kernel-log", required: false },
  { key: "installation", source: "secret-installation", required: false },
  { key: "otherUnits", source: "other-units", required: false },
  { key: "credentialStore", source: "credential-store", required: false },
];

/** Sources that were read beside lines that nobody understands. */
const PARTLY_READ = [
  { key: "kernelLog", source: "kernel-log" },
  { key: "installation", source: "secret-installation" },
  { key: "otherUnits", source: "other-units" },
  { key: "platform", source: "host" },
] as const satisfies readonly { key: keyof CollectedEvidence; source: Gap["source"] }[];

const SHORTFALL: Readonly<Record<UnavailableReason, Shortfall>> = {
  "not-found": "not-kept",
  "permission-denied": "rights",
  "timed-out": "limit",
  malformed: "damage",
  "not-installed": "not-kept",
  failed: "not-kept",
};

const unavailableIn = (evidence: CollectedEvidence): ReadonlySet<Gap["source"]> =>
  new Set(
    SOURCES.flatMap(({ key, source }) => (evidence[key].status === "unavailable" ? [source] : [])),
  );

/** What could not be read, of a source without which "nothing found" cannot be said; that there is none is another thing. */
const hides = (key: keyof CollectedEvidence, reason: UnavailableReason): boolean =>
  reason === "permission-denied" ||
  (reason !== "not-found" && ["unit", "runners", "secretFiles"].includes(key));

/** What of these sources could not be read. */
export const gapsOf = (vm: VmName, evidence: CollectedEvidence): readonly Gap[] => {
  const gaps: Gap[] = [];
  for (const { key, source, required } of SOURCES) {
    const found = evidence[key];
    // What is there and may not be read can hide anything; what is not there hides nothing.
    if (found.status === "unavailable")
      gaps.push({
        source,
        reason: found.detail,
        required: required || hides(key, found.reason),
        kind: SHORTFALL[found.reason],
        vm,
      });
  }
  for (const path of valueOf(evidence.unit)?.unread ?? [])
    gaps.push({
      source: "unit",
      reason: `${path} may not be read with these rights`,
      required: true,
      kind: "rights",
      vm,
    });
  const { liveProblem } = valueOf(evidence.unit) ?? {};
  if (liveProblem !== undefined)
    gaps.push({
      source: "unit",
      reason: `what systemd says of it now is not known: ${liveProblem}`,
      required: false,
      vm,
    });
  for (const { key, source } of PARTLY_READ) {
    const found = evidence[key];
    if (found.status === "collected" && found.value.problem !== undefined)
      gaps.push({ source, reason: found.value.problem, required: false, kind: "damage", vm });
  }
  const store = valueOf(evidence.store);
  if (store?.databaseProblem !== undefined)
    gaps.push({ source: "nix-store", reason: store.databaseProblem, required: false, vm });
  const files = valueOf(evidence.secretFiles);
  if (files?.aclsRead === false)
    gaps.push({
      source: "secret-files",
      reason: `ACLs were not looked at, or not all: ${files.aclProblem ?? "getfacl gave no answer"}`,
      required: false,
      vm,
    });
  for (const walk of files?.walks.values() ?? []) {
    if (walk.end === "denied" && walk.notKept === undefined)
      gaps.push({
        source: "secret-files",
        reason:
          walk.why === undefined
            ? `${walk.stopped ?? walk.path} may not be looked at with these rights`
            : `${walk.stopped ?? walk.path} could not be looked at: ${walk.why}`,
        // What systemd gave to the unit is a copy; a source that may not be looked at can be empty, closed or gone.
        required: !walk.path.startsWith("/run/credentials/"),
        kind: walk.why === undefined ? "rights" : "not-kept",
        vm,
      });
  }
  for (const { path, notKept, stopped } of files?.walks.values() ?? [])
    if (notKept === "path")
      gaps.push({
        source: "secret-files",
        reason: `${path} was there when it was refused, and ${stopped ?? path} is not in what can be looked at`,
        required: false,
        vm,
      });
  if ([...(files?.walks.values() ?? [])].some(({ notKept }) => notKept === "run"))
    gaps.push({
      source: "secret-files",
      reason:
        "/run is empty: the system of this tree does not run, and its secrets are made at boot",
      required: false,
      vm,
    });
  const denied = Object.values(valueOf(evidence.state)?.links ?? {}).find(
    ({ end }) => end === "denied",
  );
  if (denied !== undefined)
    gaps.push({
      source: "state-directory",
      reason:
        denied.why === undefined
          ? `${denied.hops[0].path} could not be followed with these rights`
          : `${denied.hops[0].path} could not be followed: ${denied.why}`,
      required: true,
      kind: denied.why === undefined ? "rights" : "not-kept",
      vm,
    });
  return gaps;
};

const journalGap = (vm: VmName, reason: string): Gap => ({
  source: "journal",
  reason,
  required: true,
  vm,
});

const storeQuestion = (
  vm: VmName,
  state: StateDirectory | undefined,
  runners: LinkedRunners | undefined,
  generations: Generations | undefined,
): { readonly guestNames: readonly string[]; readonly linked: readonly StorePath[] } => ({
  guestNames: [
    ...new Set([
      vm,
      ...[runners?.current?.guestName, runners?.booted?.guestName].flatMap((name) => name ?? []),
    ]),
  ],
  linked: [
    ...(["current", "booted", "old"] as const).flatMap((name) => state?.links[name]?.store ?? []),
    ...(generations?.list ?? []).flatMap(({ runner }) => runner ?? []),
  ],
});

/** Every path that somebody names as a secret's. */
const secretPaths = (
  unit: VmUnit | undefined,
  runners: LinkedRunners | undefined,
  store: Store | undefined,
  journal: VmJournal | undefined,
): readonly HostPath[] => {
  const scripts = [
    runners?.current,
    runners?.booted,
    ...(store?.runners ?? []).map(({ runner }) => runner),
  ].flatMap((runner) => runner ?? []);
  return [
    ...(unit?.credentials ?? []).flatMap(({ source }) => source ?? []),
    ...(unit === undefined ? [] : environmentPaths(unit).map(({ path }) => path)),
    ...scripts.flatMap(({ reads }) => reads.map(({ path }) => path)),
    ...scripts.flatMap(({ channels }) =>
      channels.flatMap((channel) =>
        channel.kind === "fw-cfg-file" || channel.kind === "share" ? [channel.path] : [],
      ),
    ),
    ...(journal?.invocations ?? []).flatMap((start) =>
      [...meaningsIn(start, "permission-denied"), ...meaningsIn(start, "no-such-file")].map(
        ({ meaning }) => meaning.path,
      ),
    ),
  ];
};

/** Files of which a start's last word is that they refuse: who is refused has found what is there. */
const lastRefused = (journal: VmJournal | undefined): ReadonlySet<HostPath> => {
  const last = new Map<HostPath, { readonly isRefused: boolean; readonly time: Micros }>();
  for (const start of journal?.invocations ?? [])
    for (const kind of ["permission-denied", "no-such-file"] as const)
      for (const { meaning, ref } of meaningsIn(start, kind))
        if (ref.time >= (last.get(meaning.path)?.time ?? 0))
          last.set(meaning.path, { isRefused: kind === "permission-denied", time: ref.time });
  return new Set(
    [...last].flatMap(([path, { isRefused }]) =>
      isRefused && !/^\/(?:dev|proc|sys)\//u.test(path) ? [path] : [],
    ),
  );
};

const sharedSecretPaths = (shares: Shares | undefined): readonly HostPath[] =>
  shares === undefined ? [] : sharedSecretFiles(shares).map(({ path }) => path);

const NO_SILENCE: Silences = { holes: [] };

const SECOND = 1_000_000;
/** Hosts log something every few minutes; a silence of everybody for this long may be lost entries. */
const LEAST_HOLE = 30 * 60 * SECOND;

/** Looks for holes only while the VM was down: a hole there could hide a start. */
const holesIn = async (
  host: Host,
  journal: VmJournal,
  { journal: whole }: HostJournalRead,
  window: Window,
): Promise<Silences> => {
  const spans: { since: Micros; until: Micros }[] = [];
  const starts = journal.invocations;
  /** The end of the rounds of a loop that are held as times alone. */
  let roundsUntil = 0;
  for (const [index, start] of starts.entries()) {
    roundsUntil = Math.max(roundsUntil, start.alike?.last ?? 0);
    const since = micros(Math.max(endOfStart(start) ?? start.last.time, roundsUntil));
    const next = starts[index + 1];
    const open = next === undefined && endOfStart(start) === undefined;
    const until = next?.first.time ?? whole.last;
    if (
      !open &&
      until !== undefined &&
      until - since >= LEAST_HOLE &&
      next?.boot === (next === undefined ? undefined : start.boot)
    )
      spans.push({ since, until });
  }
  const found = await Promise.all(spans.map((span) => findHoles(host, span, LEAST_HOLE, window)));
  const unchecked = found.find((one) => one.unchecked !== undefined)?.unchecked;
  return {
    holes: found.flatMap(({ holes }) => holes),
    ...(unchecked === undefined ? {} : { unchecked }),
  };
};
