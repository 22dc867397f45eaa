import type { EvidenceList, EvidenceRef, JournalRef } from "../evidence/reference.ts";
import type { Phase } from "../facts/history.ts";
import type { Provenance } from "../facts/provenance.ts";
import type { MechanismName, Misleading, Remedy, Scope, Subject } from "../rules/rule.ts";
import type { KnowledgeKey } from "../facts/facts.ts";
import type { Suppressed } from "./suppression.ts";
import type {
  Certainty,
  Micros,
  Role,
  RuleId,
  Severity,
  Stage,
  StageState,
  StorePath,
  VmName,
} from "../vocabulary.ts";

/** Why one finding is the consequence of another. */
export interface Cause {
  readonly id: RuleId;
  readonly mechanism: MechanismName;
  /** The mechanism in one sentence. */
  readonly how: string;
}

/** What a rule concluded, with its place in the story. */
export interface Finding extends JudgedFinding {
  readonly remedies: readonly WeighedRemedy[];
}

/** A finding with the remedies that its rule offers, before they are tried on the evidence. */
export interface UnweighedFinding extends JudgedFinding {
  readonly remedies: readonly Remedy[];
}

export interface JudgedFinding {
  readonly id: RuleId;
  /** The stage of a secret's way that it breaks, if it is about one. */
  readonly stage?: Stage;
  readonly role: Role;
  readonly severity: Severity;
  readonly certainty: Certainty;
  readonly title: string;
  readonly explanation: string;
  readonly subject: Subject;
  readonly causedBy: readonly Cause[];
  readonly scope: Scope;
  readonly evidence: EvidenceList;
  readonly misleading: readonly Misleading[];
  /** A fault of an earlier phase that a later one got past. */
  readonly repaired: boolean;
}

/** A remedy with what it was seen to do when it was applied to the evidence and the rules were asked again. */
export interface WeighedRemedy extends Omit<Remedy, "repairs"> {
  /** `false` where it changes what no evidence shows, so that its own word had to be taken. */
  readonly checked: boolean;
}

/** What became of a rule: silent is an answer, and so is skipped. */
export type RuleOutcome =
  | { readonly id: RuleId; readonly status: "fired" | "silent" }
  | { readonly id: RuleId; readonly status: "skipped"; readonly missing: readonly KnowledgeKey[] }
  | { readonly id: RuleId; readonly status: "error"; readonly message: string };

export interface EverWorked {
  readonly answer: "yes" | "no" | "unknown";
  readonly basis: string;
  readonly evidence: readonly EvidenceRef[];
}

export interface SecretStages {
  readonly secret: string;
  readonly stages: Readonly<Record<Stage, StageState>>;
}

/** Where one secret would stop at the next start. */
export interface Stop {
  readonly secret: string;
  readonly stage: Stage;
  readonly rule?: RuleId;
  readonly title?: string;
  /** The path, credential or runner that stops it. */
  readonly component?: string;
}

/** What the next start would meet, foretold from files, unit and runner as they are. */
export interface NextStart {
  readonly prediction: "yes" | "no" | "unknown" | "none-wanted";
  readonly basis: string;
  readonly rootCauses: readonly RuleId[];
  readonly findings: readonly Finding[];
  readonly suppressed: readonly Suppressed<Finding>[];
  readonly stages: readonly SecretStages[];
  readonly stops: readonly Stop[];
  readonly options: readonly WeighedRemedy[];
  readonly outcomes: readonly RuleOutcome[];
}

/** An explanation that the evidence leaves open, and the command that would decide it. */
export interface Hypothesis {
  readonly topic: "earlier-runner" | "missing-file" | "old-runner" | "guest-content";
  readonly question: string;
  readonly claim: string;
  readonly state: "open" | "supported" | "refuted";
  readonly for: readonly Argument[];
  readonly against: readonly Argument[];
  readonly decideBy: string;
}

export interface Argument {
  readonly text: string;
  readonly evidence: readonly EvidenceRef[];
}

/** A phase in words, with the evidence under them. */
export interface PhaseAccount {
  readonly index: number;
  readonly kind: Phase["kind"];
  readonly start: Micros;
  /** Absent where the phase lasts to the end of the evidence. */
  readonly end?: Micros;
  readonly title: string;
  /** Which runner was in force, and what it does with secrets; empty for a silence. */
  readonly configuration: string;
  readonly result: string;
  /** Who put the runner there and when; absent for a silence. */
  readonly provenance?: Provenance;
  readonly runner?: StorePath;
  readonly invocations: number;
  readonly evidence: readonly EvidenceRef[];
  /** The journal lines worth quoting, in order. */
  readonly quotes: readonly JournalRef[];
}

/** One thing that happened, or a whole crash loop. */
export interface TimelineRow {
  readonly time: Micros;
  /** The end of what lasted. */
  readonly until?: Micros;
  readonly phase?: number;
  readonly kind: "host" | "operator" | "start" | "loop" | "guest" | "end" | "skipped" | "secrets";
  readonly text: string;
  readonly evidence: EvidenceRef;
  /** A start of a loop that is held as its time alone: all else is as in the one that `evidence` is of. */
  readonly alike?: true;
  /** How often the same was said, where more than once. */
  readonly times?: number;
  /** Of a crash loop. */
  readonly loop?: LoopSummary;
}

/** A crash loop in numbers. */
export interface LoopSummary {
  readonly count: number;
  readonly failed: number;
  /** Median microseconds from one start to the next. */
  readonly period: number;
  /** How many starts began in each of equal parts of the row's time. */
  readonly density: readonly number[];
}

/** One start of the VM on the axis of time. */
export interface StartMark {
  readonly time: Micros;
  /** When its process was gone; absent where it still runs, and where its end is not held. */
  readonly until?: Micros;
  readonly outcome: "failed" | "ended" | "running" | "no-end";
}

/** What became different from one phase to the next. */
export interface Transition {
  readonly from: number;
  readonly to: number;
  readonly changes: readonly Argument[];
}

export type VmStatus = "failing" | "degraded" | "healthy" | "stopped" | "unknown";

export interface VmDiagnosis {
  readonly vm: VmName;
  readonly status: VmStatus;
  readonly everWorked: EverWorked;
  readonly rootCauses: readonly RuleId[];
  readonly findings: readonly Finding[];
  /** What was found and does not count, because somebody said so. */
  readonly suppressed: readonly Suppressed<Finding>[];
  readonly stages: readonly SecretStages[];
  readonly phases: readonly PhaseAccount[];
  /** When the state that is in force began, as far as the journal tells; microseconds. */
  readonly since?: Micros;
  readonly timeline: readonly TimelineRow[];
  /** Gives every start, in order. Only where they are drawn: a crash loop has as many as it had rounds. */
  readonly starts: () => readonly StartMark[];
  readonly transitions: readonly Transition[];
  readonly hypotheses: readonly Hypothesis[];
  /** Repairs for what is broken now, best first, without repeats. */
  readonly options: readonly WeighedRemedy[];
  readonly nextStart: NextStart;
  readonly outcomes: readonly RuleOutcome[];
}
