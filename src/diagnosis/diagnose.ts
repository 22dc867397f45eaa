import { collectRepositoryBasics } from "../collectors/configuration-repository.ts";
import { collectHostJournal } from "../collectors/host-journal.ts";
import { collectIdentity } from "../collectors/identity.ts";
import { collectKernelLog } from "../collectors/kernel-log.ts";
import { collectPlatform } from "../collectors/platform.ts";
import { collectSourceCopies } from "../collectors/source-copies.ts";
import { valueOf, type Gap } from "../evidence/evidence.ts";
import type { HostIdentity } from "../evidence/host-identity.ts";
import type { HostJournal } from "../evidence/journal.ts";
import type { Host } from "../host/host.ts";
import type { BootsRead } from "../journal/boots.ts";
import type { Window } from "../journal/read.ts";
import { dayOf } from "../time/format-time.ts";
import {
  SEVERITIES,
  type HostPath,
  type Micros,
  type Severity,
  type VmName,
} from "../vocabulary.ts";
import { rootCausesOf } from "./causes.ts";
import { NO_JOURNAL } from "./ahead-of-start.ts";
import { collectVm, type HostFacts, type VmEvidence } from "./collect.ts";
import { collectGlances, forManyVms } from "./collect-glance.ts";
import { everWorked, runnersByPath } from "./ever-worked.ts";
import type { Finding, SecretStages, VmDiagnosis, VmStatus } from "./finding.ts";
import { byState, diagnosed, glanceOf, isUnwell, type Glance } from "./glance.ts";
import { judge } from "./judgement.ts";
import { gapsOfLoss, ledgerOf, type LedgerEntry } from "./ledger.ts";
import { watchSources } from "./loss-gaps.ts";
import { predictStart } from "./next-start.ts";
import { weighRemedies } from "./remedies.ts";
import { hypotheses } from "./hypotheses/hypotheses.ts";
import { rankedOptions } from "./options.ts";
import { phaseAccounts } from "./phase-account.ts";
import { sinceWhen } from "./since.ts";
import { startMarks } from "./start-marks.ts";
import { timelineRows } from "./timeline/timeline.ts";
import { secretStages } from "./stages.ts";
import {
  onDay,
  suppress,
  type Suppression,
  type Suppressions,
  type SuppressionState,
} from "./suppression.ts";
import { transitions } from "./transitions.ts";

export interface Diagnosis {
  readonly origin: string;
  readonly host: HostIdentity | undefined;
  readonly zone: string;
  readonly window: Window;
  readonly coverage: HostJournal;
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  /** What was looked at and what was missing, line by line: every "no" names the lines that carry it. */
  readonly ledger: readonly LedgerEntry[];
  readonly vms: readonly VmDiagnosis[];
  /** Every VM that was asked for, what is broken first; of a list that is more than was diagnosed. */
  readonly glances: readonly Glance[];
  /** How many VMs a list looks for causes of, at most. */
  readonly mostDiagnosed?: number;
  /** Why nothing could be asked of the host. */
  readonly unreachable?: string;
  /** Absent where nothing was asked to be suppressed. */
  readonly suppressions?: SuppressionState;
}

/** What the one who asks wants, beside the evidence. */
export interface Wishes {
  /** The time of the report. */
  readonly now: Micros;
  readonly suppressions: Suppressions | undefined;
  /** Whether the timeline has a row for every start of a crash loop. */
  readonly everyStart: boolean;
  /** Only those VMs are diagnosed that are not well. */
  readonly list?: ListWishes;
}

export interface ListWishes {
  /** So many VMs are diagnosed, at most. */
  readonly mostDiagnosed: number;
  /** What is asked is recorded, or was: each VM is asked for alone, as a diagnosis does. */
  readonly eachAlone: boolean;
}

/** What was read of a host before it was known which VMs and times are asked for. */
export interface HostBasics {
  readonly zone: string;
  readonly boots: BootsRead;
  readonly stateRoot: HostPath;
  /** Where VMs could not be looked for, of a host that is asked for all of them. */
  readonly unreadable?: readonly string[];
  /** The configuration repository, a directory of the machine that looks, with whom to ask for it. */
  readonly configuration?: { readonly directory: string; readonly host: Host };
}

/**
 * Reads the host's evidence for these VMs, one after the other, and reasons over it; the answer keeps the order asked for. For a list all
 * are looked at in one pass, and those that are not well are diagnosed.
 */
export const diagnoseVms = async (
  host: Host,
  vms: readonly VmName[],
  window: Window,
  { zone, boots, stateRoot, configuration, unreadable = [] }: HostBasics,
  { now, suppressions, everyStart, list }: Wishes,
): Promise<Diagnosis> => {
  const wanted =
    suppressions === undefined || suppressions.entries.length === 0
      ? undefined
      : onDay(suppressions, dayOf(now, zone));
  if (host.unreachable !== undefined)
    return nothingOf(host.origin, host.unreachable, { zone, window });
  const journal = await collectHostJournal(host, window, boots);
  const lossy = watchSources(host);
  const [identity, platform, kernelLog, sourceCopies, repository] = await Promise.all([
    collectIdentity(lossy.of("host"), journal.journal),
    collectPlatform(lossy.of("host")),
    collectKernelLog(lossy.of("kernel-log"), window),
    collectSourceCopies(lossy.of("nix-store")),
    configuration === undefined
      ? undefined
      : collectRepositoryBasics(configuration.host, configuration.directory),
  ]);
  const shared: HostFacts = {
    stateRoot,
    identity,
    journal,
    platform,
    kernelLog,
    sourceCopies,
    ...(repository === undefined ? {} : { configuration: repository }),
  };
  const asked = list === undefined ? host : forManyVms(host, vms, list.eachAlone);
  const glimpses =
    list === undefined ? [] : await collectGlances(asked, vms, shared, { ...list, window });
  const chosen =
    list === undefined
      ? vms
      : byState(glimpses.map(({ glance }) => glance))
          .filter(isUnwell)
          .slice(0, list.mostDiagnosed)
          .map(({ vm }) => vm);
  const found: VmEvidence[] = [];
  for (const vm of chosen) found.push(await collectVm(asked, vm, shared, window));
  const told = [
    ...(host.missing ?? []).map((reason): Gap => ({ source: "journal", reason, required: true })),
    ...journal.gaps,
    ...gapsOfLoss(journal.journal),
    ...unreadable.map((reason): Gap => ({
      source: "state-directory",
      reason: `there may be VMs that are not known: ${reason}`,
      required: true,
    })),
    ...glimpses.flatMap((one) => one.gaps),
    ...found.flatMap((one) => one.gaps),
  ];
  const unavailable = [
    ...(identity.status === "unavailable" ? (["host"] as const) : []),
    ...(kernelLog.status === "unavailable" ? (["kernel-log"] as const) : []),
    ...(sourceCopies.status === "unavailable" ? (["nix-store"] as const) : []),
  ];
  const gaps = distinctGaps([...told, ...lossy.gaps(told, new Set(unavailable))]);
  const journalComplete = journal.gaps.every(({ required }) => !required);
  const diagnoses = found.map((one) =>
    diagnoseVm(one, { journalComplete, holding: wanted?.holding ?? [], everyStart, window }),
  );
  return {
    origin: host.origin,
    host: valueOf(identity),
    zone,
    window,
    coverage: {
      ...journal.journal,
      holes: found.flatMap(({ evidence }) => valueOf(evidence.hostJournal)?.holes ?? []),
    },
    complete: !gaps.some(({ required }) => required),
    gaps,
    ledger: ledgerOf(
      journal.journal,
      found.map(({ evidence }) => evidence),
      gaps,
    ),
    vms: diagnoses.map(({ diagnosis }) => diagnosis),
    glances: byState([
      ...glimpses.flatMap(({ glance }) => (chosen.includes(glance.vm) ? [] : [glance])),
      ...diagnoses.map(({ glance }) => glance),
    ]),
    ...(list === undefined ? {} : { mostDiagnosed: list.mostDiagnosed }),
    ...(wanted === undefined ? {} : { suppressions: wanted }),
  };
};

/** All that can be said of a host that does not answer. */
const nothingOf = (
  origin: string,
  reason: string,
  { zone, window }: Pick<Diagnosis, "zone" | "window">,
): Diagnosis => {
  const gaps: readonly Gap[] = [{ source: "host", reason, required: true }];
  return {
    origin,
    host: undefined,
    zone,
    window,
    coverage: NO_JOURNAL,
    complete: false,
    gaps,
    ledger: ledgerOf(undefined, [], gaps),
    unreachable: reason,
    vms: [],
    glances: [],
  };
};

interface Terms {
  readonly journalComplete: boolean;
  readonly holding: readonly Suppression[];
  readonly everyStart: boolean;
  readonly window: Window;
}

const diagnoseVm = (
  { vm, evidence, systems, declared, gaps }: VmEvidence,
  { journalComplete, holding, everyStart, window }: Terms,
): { readonly diagnosis: VmDiagnosis; readonly glance: Glance } => {
  const { knowledge, findings: judged, outcomes } = judge(vm, evidence);
  // Stages and open questions are about what is; a suppression only says what counts.
  const all = weighRemedies(vm, evidence, judged);
  const { kept: findings, suppressed } = suppress(vm, all, holding);
  const history = valueOf(knowledge.history);
  const secrets = valueOf(knowledge.secrets) ?? [];
  const hostJournal = valueOf(evidence.hostJournal);
  const state = valueOf(evidence.state);
  const runners = valueOf(evidence.runners);
  const store = valueOf(evidence.store);

  const stages = secretStages({ evidence, knowledge, findings: all });
  const texts = runnersByPath([runners?.current, runners?.booted], store?.runners ?? []);
  const diagnosis: VmDiagnosis = {
    vm,
    status: statusOf(findings, history, { gaps, stages, journalComplete }),
    everWorked: everWorked({
      history,
      hostJournal,
      secrets,
      runners: texts,
      journalComplete,
    }),
    rootCauses: rootCausesOf(findings),
    findings,
    suppressed,
    stages,
    phases:
      history === undefined ? [] : phaseAccounts(history, { runners: texts, secrets, evidence }),
    timeline: history === undefined ? [] : timelineRows(history, evidence, { everyStart, window }),
    starts: () => (history === undefined ? [] : startMarks(history)),
    ...sinceWhen(history, secrets),
    transitions: history === undefined ? [] : transitions(history, state),
    hypotheses:
      history === undefined || hostJournal === undefined
        ? []
        : hypotheses({ vm, evidence, history, findings: all, hostJournal }),
    options: rankedOptions(findings),
    nextStart: predictStart(vm, evidence, holding),
    outcomes,
  };
  const glance = glanceOf({
    vm,
    evidence,
    knowledge,
    systems,
    ...(declared === undefined ? {} : { declared }),
    gaps,
  });
  return { diagnosis, glance: diagnosed(glance, diagnosis) };
};

const statusOf = (
  findings: readonly Finding[],
  history:
    | { readonly running: boolean; readonly phases: readonly { readonly kind: string }[] }
    | undefined,
  {
    gaps,
    stages,
    journalComplete,
  }: {
    readonly gaps: readonly Gap[];
    readonly stages: readonly SecretStages[];
    readonly journalComplete: boolean;
  },
): VmStatus => {
  const open = findings.filter(
    ({ repaired, role, scope }) => !repaired && role !== "risk" && scope.inForce,
  );
  if (open.some(({ severity }) => isAtLeast(severity, "error"))) return "failing";
  if (history === undefined) return "unknown";
  if (open.some(({ severity }) => isAtLeast(severity, "warning"))) return "degraded";
  if (history.running)
    return !journalComplete || gaps.some(({ required }) => required) || stages.some(mayBeRefused)
      ? "unknown"
      : "healthy";
  if (findings.some(({ id, scope }) => id === "unrelated/stopped-by-hand" && scope.inForce))
    return "stopped";
  return history.phases.length === 0 ? "unknown" : "stopped";
};

/** Nobody could say whether its reader may read it, and the guest does not show it either. */
const mayBeRefused = ({ stages: { access, guest } }: SecretStages): boolean =>
  access === "unknown" && guest !== "ok";

const isAtLeast = (severity: Severity, least: Severity): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);

const distinctGaps = (gaps: readonly Gap[]): readonly Gap[] =>
  gaps.filter(
    (gap, index) =>
      gaps.findIndex(
        (one) => one.source === gap.source && one.reason === gap.reason && one.vm === gap.vm,
      ) === index,
  );
