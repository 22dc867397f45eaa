import { valueOf, type CollectedEvidence, type Gap } from "../evidence/evidence.ts";
import type { LinkedSystems } from "../evidence/linked-systems.ts";
import type { Hypervisor } from "../evidence/runner.ts";
import type { Flavour } from "../evidence/state-directory.ts";
import type { CollectedKnowledge } from "../facts/facts.ts";
import { installedVersion, type InstalledVersion } from "../facts/installed-version.ts";
import { restartsOf, unitState, type UnitState } from "../facts/unit-state.ts";
import type { Micros, RuleId, StorePath, VmName } from "../vocabulary.ts";
import type { EverWorked, VmDiagnosis, VmStatus } from "./finding.ts";
import { guestStage } from "./stages.ts";

/** How a VM is, in a line. */
export interface Glance {
  readonly vm: VmName;
  readonly status: VmStatus;
  readonly state: UnitState;
  /** When `state` began, as far as is known. */
  readonly since?: Micros;
  /** How long that lasted until systemd was asked, or until the last entry of the journal; microseconds. */
  readonly lasts?: number;
  /** How often systemd started it again by itself, in what was read of the journal; absent where none could be read. */
  readonly restarts?: number;
  readonly hypervisor?: Hypervisor;
  /** Absent where the state directory could not be read. */
  readonly flavour?: Flavour;
  readonly version: InstalledVersion;
  /** Secrets that somebody wants for it, those of which it is known whether the guest has them, and those that it has. */
  readonly secrets: {
    readonly wanted: number;
    readonly told: number;
    readonly reaching: number;
  };
  readonly everWorked: EverWorked["answer"];
  readonly cause: GlanceCause;
}

/** The first root cause, or why there is none to show. */
export type GlanceCause =
  | { readonly status: "found"; readonly rootCauses: readonly [RuleId, ...RuleId[]] }
  /** It was diagnosed, and there is none. */
  | { readonly status: "none" }
  /** `well`, `stopped`, `unknown`: what is known gives no reason to look for one. `limit`: others were looked at before it. */
  | { readonly status: "not-sought"; readonly why: "well" | "stopped" | "unknown" | "limit" };

export interface GlanceInput {
  readonly vm: VmName;
  readonly evidence: CollectedEvidence;
  readonly knowledge: CollectedKnowledge;
  readonly systems: LinkedSystems;
  readonly declared?: StorePath;
  /** What could not be looked at. */
  readonly gaps: readonly Gap[];
}

/** What the evidence of a VM shows without asking any rule. */
export const glanceOf = (input: GlanceInput): Glance => {
  const { vm, evidence, knowledge, systems, declared } = input;
  const directory = valueOf(evidence.state);
  const runners = valueOf(evidence.runners);
  const journal = valueOf(evidence.vmJournal);
  const unit = valueOf(evidence.unit);
  const history = valueOf(knowledge.history);
  const secrets = valueOf(knowledge.secrets) ?? [];
  const { state, since } = unitState({ vm, live: unit?.live, history, journal });
  const last = valueOf(evidence.hostJournal)?.last;
  const lasts =
    (state === "running" ? unit?.live?.upFor : undefined) ??
    (since === undefined || last === undefined || last < since ? undefined : last - since);
  const version =
    directory === undefined
      ? "unknown"
      : installedVersion({
          state: directory,
          systems,
          ...(declared === undefined ? {} : { declared }),
        });
  const words = secrets.map((secret) => guestStage(secret, history));
  const counts = {
    wanted: secrets.length,
    told: words.filter((word) => word !== "unknown").length,
    reaching: words.filter((word) => word === "ok").length,
  };
  const status = statusAtAGlance({ ...input, state, version, counts });
  const hypervisor = (runners?.booted ?? runners?.current)?.hypervisor;
  return {
    vm,
    status,
    state,
    ...(since === undefined ? {} : { since }),
    ...(lasts === undefined ? {} : { lasts }),
    ...(journal === undefined ? {} : { restarts: restartsOf(journal) }),
    ...(hypervisor === undefined ? {} : { hypervisor }),
    ...(directory === undefined ? {} : { flavour: directory.flavour }),
    version,
    secrets: counts,
    everWorked: secrets.some(({ reports }) => reports.some(({ bytes }) => bytes > 0))
      ? "yes"
      : "unknown",
    cause: { status: "not-sought", why: WHY_NOT[status] },
  };
};

const WHY_NOT = {
  failing: "limit",
  degraded: "limit",
  unknown: "unknown",
  stopped: "stopped",
  healthy: "well",
} as const satisfies Record<VmStatus, Extract<GlanceCause, { status: "not-sought" }>["why"]>;

/** Whether there is a reason to look for a cause. */
export const isUnwell = ({ status }: Glance): boolean =>
  status === "failing" || status === "degraded";

/** The same, with what the rules say of it. */
export const diagnosed = (glance: Glance, vm: VmDiagnosis): Glance => {
  const [first, ...others] = vm.rootCauses;
  return {
    ...glance,
    status: vm.status,
    secrets: {
      wanted: vm.stages.length,
      told: vm.stages.filter(({ stages: { guest } }) => guest !== "unknown").length,
      reaching: vm.stages.filter(({ stages: { guest } }) => guest === "ok").length,
    },
    everWorked: vm.everWorked.answer,
    cause:
      first === undefined
        ? { status: "none" }
        : { status: "found", rootCauses: [first, ...others] },
  };
};

/** From what is broken to what does well, then by name. */
export const byState = (glances: readonly Glance[]): readonly Glance[] =>
  glances.toSorted(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || (a.vm < b.vm ? -1 : 1),
  );

const ORDER: readonly VmStatus[] = ["failing", "degraded", "unknown", "stopped", "healthy"];

interface Known extends Pick<GlanceInput, "gaps"> {
  readonly state: UnitState;
  readonly version: InstalledVersion;
  readonly counts: Glance["secrets"];
}

/** Nothing is well of which that is not known. */
const statusAtAGlance = ({ state, version, counts, gaps }: Known): VmStatus => {
  switch (state) {
    case "failed":
    case "looping":
      return "failing";
    case "stopped":
    case "never-started":
      return "stopped";
    case "starting":
    case "stopping":
    case "unknown":
      return "unknown";
    case "running":
      if (counts.told > counts.reaching) return "failing";
      if (version === "stale" || version === "outdated" || version === "runner-changed")
        return "degraded";
      return counts.told < counts.wanted || gaps.some(({ required }) => required)
        ? "unknown"
        : "healthy";
  }
};
