import { readInstaller } from "../collectors/generations.ts";
import { collectRunners } from "../collectors/linked-runners.ts";
import { collectLinkedSystems } from "../collectors/linked-systems.ts";
import { collectStateDirectory } from "../collectors/state-directory.ts";
import { collectUnit } from "../collectors/unit.ts";
import { rememberingFiles } from "../collectors/remembered-files.ts";
import { unitsTogether } from "../collectors/units-together.ts";
import { collectVmJournals } from "../collectors/vm-journals.ts";
import type { VmJournalRead } from "../collectors/vm-journal.ts";
import {
  collected,
  unavailable,
  valueOf,
  type CollectedEvidence,
  type Gap,
} from "../evidence/evidence.ts";
import { deriveFacts } from "../facts/facts.ts";
import type { Host } from "../host/host.ts";
import type { Window } from "../journal/read.ts";
import { hostPath, type VmName } from "../vocabulary.ts";
import { gapsOf, guarded, installUnit, journalOf, type HostFacts } from "./collect.ts";
import { glanceOf, type Glance } from "./glance.ts";
import { watchSources } from "./loss-gaps.ts";

/** What a glance of one VM is made of. */
export interface Glimpsed {
  readonly glance: Glance;
  readonly gaps: readonly Gap[];
}

/** Files of so many VMs are looked at side by side. */
const VMS_AT_A_TIME = 16;

/** A host that looks at each file once, and answers for the units of all VMs at once, where its systemd can be asked so. */
export const forManyVms = (host: Host, vms: readonly VmName[], eachAlone: boolean): Host => {
  const remembering = rememberingFiles(host);
  return eachAlone || host.kind !== "live" ? remembering : unitsTogether(remembering, vms);
};

/**
 * Looks at all VMs in one pass: the journal is read once, systemd asked once, and of each VM only links, unit files and the runner's text
 * are looked at. What takes a program for each VM is left to a diagnosis.
 */
export const collectGlances = async (
  host: Host,
  vms: readonly VmName[],
  shared: HostFacts,
  { window, eachAlone }: { readonly window: Window; readonly eachAlone: boolean },
): Promise<readonly Glimpsed[]> => {
  if (vms.length === 0) return [];
  const events = shared.journal.journal.events.flatMap(({ kind, ref }) =>
    kind === "switch" ? [ref.time] : [],
  );
  const reading = collectVmJournals(host, { vms, events, eachAlone }, window);
  const files: FilesOfVm[] = [];
  for (let at = 0; at < vms.length; at += VMS_AT_A_TIME)
    files.push(
      ...(await Promise.all(
        vms.slice(at, at + VMS_AT_A_TIME).map((vm) => collectFiles(host, vm, shared)),
      )),
    );
  const journals = await reading;
  return files.map((of) => glimpsed(of, shared, journals.get(of.vm)));
};

type FilesOfVm = Awaited<ReturnType<typeof collectFiles>>;

const collectFiles = async (host: Host, vm: VmName, { stateRoot }: HostFacts) => {
  const lossy = watchSources(host);
  const installer = await readInstaller(
    lossy.of("state-directory"),
    hostPath(`/etc/systemd/system/install-microvm-${vm}.service`),
  );
  const [state, unit] = await Promise.all([
    guarded("state directory", () =>
      collectStateDirectory(lossy.of("state-directory"), stateRoot, vm, installUnit(installer)),
    ),
    guarded("unit", () => collectUnit(lossy.of("unit"), vm)),
  ]);
  const known = valueOf(state);
  const [runners, systems] = await Promise.all([
    known === undefined
      ? unavailable("not-found", "without the state directory there is no runner to read")
      : guarded("runner", () =>
          collectRunners(lossy.of("runner"), known, valueOf(unit)?.execStart),
        ),
    known === undefined ? {} : collectLinkedSystems(host, known),
  ]);
  return { vm, state, unit, runners, systems, declared: installer?.runner, lossy };
};

const LOOKED_AT: ReadonlySet<Gap["source"]> = new Set([
  "journal",
  "state-directory",
  "runner",
  "unit",
]);
const NOT_LOOKED_AT = unavailable("not-found", "a list does not look at it");

const glimpsed = (
  { vm, state, unit, runners, systems, declared, lossy }: FilesOfVm,
  shared: HostFacts,
  read: VmJournalRead | undefined,
): Glimpsed => {
  const evidence: CollectedEvidence = {
    identity: shared.identity,
    hostJournal: collected(shared.journal.journal),
    vmJournal:
      read === undefined ? unavailable("failed", "it was not read") : journalOf(collected(read)),
    state,
    runners,
    unit,
    secretFiles: NOT_LOOKED_AT,
    store: NOT_LOOKED_AT,
    generations: NOT_LOOKED_AT,
    platform: NOT_LOOKED_AT,
    kernelLog: NOT_LOOKED_AT,
    installation: NOT_LOOKED_AT,
    otherUnits: NOT_LOOKED_AT,
    credentialStore: NOT_LOOKED_AT,
    guestSystem: NOT_LOOKED_AT,
    shares: NOT_LOOKED_AT,
    runnerNeeds: NOT_LOOKED_AT,
    registrations: NOT_LOOKED_AT,
    sourceCopies: NOT_LOOKED_AT,
    configurationRepository: NOT_LOOKED_AT,
  };
  const told = [
    ...journalGaps(read),
    ...gapsOf(vm, evidence).filter(({ source }) => LOOKED_AT.has(source)),
  ];
  const untold = new Set(
    (["state-directory", "unit", "runner"] as const).filter(
      (_, index) => [state, unit, runners][index]?.status === "unavailable",
    ),
  );
  const gaps = [...told, ...lossy.gaps(told, untold, vm)];
  const glance = glanceOf({
    vm,
    evidence,
    knowledge: deriveFacts(vm, evidence),
    systems,
    ...(declared === undefined ? {} : { declared }),
    gaps,
  });
  return { glance, gaps };
};

/** The journal is read once for all: what is missing there is missing for each of them. */
const journalGaps = (read: VmJournalRead | undefined): readonly Gap[] => {
  const { failure, malformed = 0 } = read?.summary ?? {};
  return [
    ...(failure === undefined ? [] : [failure]),
    ...(malformed === 0 ? [] : [`${malformed} entries could not be understood`]),
  ].map((reason) => ({ source: "journal", reason, required: true }));
};
