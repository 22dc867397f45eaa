import type { EvidenceList } from "../evidence/reference.ts";
import type { Hypervisor } from "../evidence/runner.ts";
import type { Knowledge, KnowledgeKey } from "../facts/facts.ts";
import type {
  Certainty,
  HostPath,
  InvocationId,
  RuleId,
  Severity,
  Stage,
  StorePath,
} from "../vocabulary.ts";

/** What a finding is about, as key and value; shown and kept in JSON. */
export type Subject = Readonly<Record<string, string | number>>;

/** Where in the story an observation holds; this is what mechanisms compare. */
export interface Scope {
  /** Index of the phase; absent for what holds at all times. */
  readonly phase?: number;
  readonly starts?: readonly InvocationId[];
  /** Names of the secrets concerned. */
  readonly secrets?: readonly string[];
  readonly paths?: readonly HostPath[];
  /** It holds now, not only in an earlier phase. */
  readonly inForce: boolean;
  /** A later success does not repair it: it is a matter of order or chance and comes back, at the next boot for example. */
  readonly recurs?: boolean;
}

/**
 * What a remedy changes, in the terms of the evidence: it is applied to the evidence and the rules are asked again, ahead of a start
 * (diagnosis/what-if.ts). `outside-model` is for what no evidence shows, a firmware setting for example: its word is taken.
 */
export type Repair =
  | {
      readonly kind: "file-access";
      readonly path: HostPath;
      readonly owner?: string;
      readonly mode?: number;
    }
  /** The file is made, with content, for root alone. */
  | { readonly kind: "file-made"; readonly path: HostPath }
  /** Everybody may pass the directory. */
  | { readonly kind: "directory-passable"; readonly path: HostPath }
  | { readonly kind: "credential-loaded"; readonly id: string; readonly source: HostPath }
  /** The runner takes the credential in the place of the file that it is loaded from; its channels stay. */
  | { readonly kind: "credential-taken"; readonly id: string; readonly source: HostPath }
  /** The VM runs under another VMM, with its default runner. */
  | { readonly kind: "hypervisor-changed"; readonly to: Hypervisor }
  /** The runner takes the credential from systemd and hands it to the guest under this name. */
  | { readonly kind: "credential-handed-over"; readonly id: string; readonly guestName: string }
  /** The guest gets the directory as a share, with a copy of these secrets in it. */
  | {
      readonly kind: "secrets-shared";
      readonly source: HostPath;
      readonly secrets: readonly string[];
    }
  | { readonly kind: "runner-linked"; readonly runner: StorePath }
  /** Settings of the unit that hide or refuse the path are gone. */
  | { readonly kind: "sandbox-opened"; readonly path: HostPath }
  | { readonly kind: "restarted" }
  | { readonly kind: "outside-model"; readonly clears: readonly RuleId[] };

/** One way to repair something. `clears` and `leaves` name rules; the report keeps those that were found. */
export interface Remedy {
  readonly title: string;
  readonly kind: "nix" | "command" | "advice";
  readonly snippet: string;
  readonly clears: readonly RuleId[];
  readonly leaves: readonly RuleId[];
  /** What it costs or needs, in one sentence. */
  readonly cost: string;
  /** What it changes in the model of the facts; without it the remedy only advises. */
  readonly repairs?: readonly Repair[];
}

/** What a rule sees. Without evidence it does not type-check. */
export interface Observation {
  readonly title: string;
  /** Full sentences for somebody who was woken up. */
  readonly explanation: string;
  readonly certainty: Certainty;
  /** Where it differs from the rule's own. */
  readonly severity?: Severity;
  readonly subject: Subject;
  readonly evidence: EvidenceList;
  readonly scope: Scope;
  readonly remedies?: readonly Remedy[];
  readonly misleading?: readonly Misleading[];
}

/** What many would try first, and why it does not help. */
export interface Misleading {
  readonly title: string;
  readonly why: string;
}

/**
 * The part that a rule's finding can play.
 * `cause`: a fault of its own, unless something else is shown to have caused it. `symptom`: never a root cause.
 * `circumstance`: makes a cause possible or worse. `risk`: somebody else may
 * see a secret; never why one is missing. `note`: worth knowing.
 */
export type Part = "cause" | "symptom" | "circumstance" | "risk" | "note";

/** How one finding brings about another; the predicate of each is in diagnosis/mechanisms.ts. */
export type MechanismName =
  | "failed-read-ends-the-runner"
  | "failed-setup-ends-the-start"
  | "systemd-starts-it-again"
  | "nothing-is-handed-over"
  | "empty-stays-empty"
  | "error-is-swallowed"
  | "nothing-to-run"
  | "helper-fails-first"
  | "secret-is-not-made"
  | "vmm-ends-the-start"
  | "value-is-lost"
  | "guest-does-not-take-it"
  | "older-runner-runs"
  | "nobody-declares-it"
  | "template-is-hidden"
  | "share-is-not-served";

export interface CausalClaim {
  readonly mechanism: MechanismName;
  readonly effects: readonly RuleId[];
}

/** What looks like the state that a rule is about, and how to tell them apart. */
export interface LookAlike {
  readonly id: RuleId;
  /** What is seen with the one and not with the other, as full sentences. */
  readonly tell: string;
}

/** Between which revisions, versions or dates a project behaves as a rule says. Without both ends: in every one known. */
export interface UpstreamRange {
  readonly project:
    | "microvm.nix"
    | "systemd"
    | "sops-nix"
    | "agenix"
    | "clan-core"
    | "QEMU"
    | "cloud-hypervisor"
    | "nixpkgs";
  /** The first revision, version or date (ISO 8601) that behaves so. */
  readonly from?: string;
  /** The first that no longer does. */
  readonly until?: string;
  /** What holds in between, and what elsewhere where that is known. */
  readonly note: string;
}

export interface RuleDocs {
  /** What is true on the host when the rule fires. */
  readonly what: string;
  /** Why that keeps a secret away. */
  readonly why: string;
  /** Which evidence proves it. */
  readonly proof: string;
  /** What evidence would show that it is not so. */
  readonly ruledOut: string;
  /** What it is taken for, or what is taken for it. */
  readonly confusedWith: readonly LookAlike[];
  /** How it is repaired, in general; the remedies of a finding are written for its VM. */
  readonly repair: string;
  /** For a rule about how a project behaves: where that holds. */
  readonly upstream?: readonly UpstreamRange[];
  /** Where the facts come from. */
  readonly sources: readonly string[];
}

export type RuleKnowledge<Required extends KnowledgeKey, Optional extends KnowledgeKey> = Pick<
  Knowledge,
  Required
> &
  Partial<Pick<Knowledge, Optional>>;

/** A pure function of evidence with what it needs, declared: what is not declared cannot be used. */
export interface Rule<
  Required extends KnowledgeKey = never,
  Optional extends KnowledgeKey = never,
> {
  readonly id: RuleId;
  readonly severity: Severity;
  readonly part: Part;
  /** The stage of a secret's way that it breaks, where that is not the one that its group is named after. */
  readonly breaks?: Stage;
  readonly docs: RuleDocs;
  /** Without one of these the rule is skipped, and the report says what was missing. */
  readonly requires: readonly Required[];
  readonly optional?: readonly Optional[];
  /** Of the optional ones, those of which one has to be there at least. */
  readonly anyOf?: readonly NoInfer<Optional>[];
  readonly causes?: readonly CausalClaim[];
  check(knowledge: RuleKnowledge<Required, Optional>): Iterable<Observation>;
}

export const defineRule = <
  const Required extends KnowledgeKey,
  const Optional extends KnowledgeKey = never,
>(
  rule: Rule<Required, Optional>,
): Rule<Required, Optional> => rule;

/** A rule behind the registry: its needs are looked up by the engine, which hands over exactly these. */
export interface AnyRule extends Omit<Rule, "requires" | "optional" | "anyOf" | "check"> {
  readonly requires: readonly KnowledgeKey[];
  readonly optional?: readonly KnowledgeKey[];
  readonly anyOf?: readonly KnowledgeKey[];
  check(knowledge: Knowledge): Iterable<Observation>;
}
