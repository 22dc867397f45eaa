import type { Generations, Store } from "./store.ts";
import type { HostIdentity } from "./host-identity.ts";
import type { HostJournal, VmJournal } from "./journal.ts";
import type { ConfigurationRepository } from "./configuration-repository.ts";
import type { CredentialStore } from "./credential-store.ts";
import type { GuestSystem } from "./guest-system.ts";
import type { Installation } from "./installation.ts";
import type { KernelLog } from "./kernel-log.ts";
import type { OtherUnits } from "./other-units.ts";
import type { Platform } from "./platform.ts";
import type { Runner } from "./runner.ts";
import type { RunnerNeeds } from "./runner-needs.ts";
import type { Shares } from "./shares.ts";
import type { SecretFiles } from "./secret-files.ts";
import type { Registrations, SourceCopies } from "./store-history.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { VmUnit } from "./unit.ts";
import type { Shortfall, SourceName } from "./coverage.ts";
import type { CoverageRef, EvidenceRef, FileRef } from "./reference.ts";
import type { VmName } from "../vocabulary.ts";

export type UnavailableReason =
  | "not-found"
  | "permission-denied"
  | "timed-out"
  | "malformed"
  | "not-installed"
  | "failed";

/** What a collector brings: its value, or the reason why there is none. */
export type Collected<T> =
  | { readonly status: "collected"; readonly value: T }
  | {
      readonly status: "unavailable";
      readonly reason: UnavailableReason;
      readonly detail: string;
      readonly ref?: EvidenceRef;
    };

export const collected = <T>(value: T): Collected<T> => ({ status: "collected", value });

export const unavailable = (
  reason: UnavailableReason,
  detail: string,
  ref?: EvidenceRef,
): Collected<never> => ({
  status: "unavailable",
  reason,
  detail,
  ...(ref ? { ref } : {}),
});

export const valueOf = <T>(found: Collected<T>): T | undefined =>
  found.status === "collected" ? found.value : undefined;

/** The runners that the state directory's links lead to; `current` is what the next start runs. */
export interface LinkedRunners {
  readonly current?: Runner;
  readonly booted?: Runner;
  /** The ExecStart= that has `current` run in place of the link's `bin/microvm-run`. */
  readonly startedBy?: FileRef;
  /** What the link leads to all the same, where `startedBy` keeps it from being run. */
  readonly passedOver?: Runner;
}

/** Everything that the collectors bring for one VM, by the name that rules ask for. */
export interface EvidenceMap {
  readonly identity: HostIdentity;
  readonly hostJournal: HostJournal;
  readonly vmJournal: VmJournal;
  readonly state: StateDirectory;
  readonly runners: LinkedRunners;
  readonly unit: VmUnit;
  readonly secretFiles: SecretFiles;
  readonly store: Store;
  readonly generations: Generations;
  readonly platform: Platform;
  readonly kernelLog: KernelLog;
  readonly installation: Installation;
  readonly otherUnits: OtherUnits;
  readonly credentialStore: CredentialStore;
  readonly guestSystem: GuestSystem;
  readonly shares: Shares;
  readonly registrations: Registrations;
  readonly sourceCopies: SourceCopies;
  readonly configurationRepository: ConfigurationRepository;
  readonly runnerNeeds: RunnerNeeds;
}

export type EvidenceKey = keyof EvidenceMap;

export type CollectedEvidence = { readonly [Key in EvidenceKey]: Collected<EvidenceMap[Key]> };

/** A source that could not be looked at, or only in part. */
export interface Gap {
  readonly source: SourceName;
  readonly reason: string;
  /** Without it "nothing found" cannot be said. */
  readonly required: boolean;
  /** Why it is one; what is not said is not among what was kept. */
  readonly kind?: Shortfall;
  readonly vm?: VmName;
  readonly ref?: CoverageRef;
}
