import type { BootId, InvocationId, Micros, StorePath, UnitName } from "../vocabulary.ts";
import type { Shortfall } from "./coverage.ts";
import type { OutputMeaning } from "./output.ts";
import type { JournalRef } from "./reference.ts";

/** One process of a unit that ended with something else than success. */
export interface ProcessExit {
  readonly command: string;
  readonly code: "exited" | "killed" | "dumped";
  /** Exit status, or the signal's number. */
  readonly status: number;
  readonly ref: JournalRef;
}

/** systemd could not set the process up: the step is one of systemd.exec(5)'s (CREDENTIALS, USER, CHDIR, EXEC, ...). */
export interface SpawnFailure {
  readonly step: string;
  readonly errno?: number;
  readonly ref: JournalRef;
}

export interface OutputLine {
  readonly meanings: readonly OutputMeaning[];
  readonly ref: JournalRef;
}

/** Rounds of a loop that are held as their times alone. */
export interface AlikeStarts {
  /** When each of them began, in the order of time. */
  readonly begins: readonly Micros[];
  /** When the last line of them was written. */
  readonly last: Micros;
}

/** One start of a unit. Lines are kept where they mean something, the rest are counted. */
export interface Invocation {
  /**
   * Later rounds of the same loop that differ from this start in nothing but ids and times. Only what lies in the middle of a long loop is
   * held so (src/collectors/alike-starts.ts), and never what stands beside something new.
   */
  readonly alike?: AlikeStarts;
  readonly id: InvocationId;
  readonly unit: UnitName;
  readonly boot: BootId;
  readonly first: JournalRef;
  readonly last: JournalRef;
  /** systemd's "Started": with Type=simple it is logged for a runner that dies at once. */
  readonly started?: JournalRef;
  readonly exits: readonly ProcessExit[];
  readonly spawnFailures: readonly SpawnFailure[];
  /** UNIT_RESULT of the failure: exit-code, signal, timeout, oom-kill, start-limit-hit, ... */
  readonly result?: { readonly value: string; readonly ref: JournalRef };
  readonly succeeded?: JournalRef;
  readonly restart?: JournalRef;
  readonly stopping?: JournalRef;
  readonly stopped?: { readonly job: string; readonly ref: JournalRef };
  readonly failedStart?: { readonly result: string; readonly ref: JournalRef };
  readonly outputLines: number;
  readonly firstOutput?: JournalRef;
  readonly lastOutput?: JournalRef;
  readonly lines: readonly OutputLine[];
}

/** A start that a condition of the unit prevented: nothing ran, nothing failed. */
export interface SkippedStart {
  readonly unit: UnitName;
  readonly condition?: string;
  readonly ref: JournalRef;
}

/** systemd refused to start a unit again so soon, or gave a result that says so. */
export interface StartLimit {
  readonly unit: UnitName;
  readonly ref: JournalRef;
}

/** A job that failed without a process of its own: `dependency`, `timeout`. */
export interface FailedJob {
  readonly unit: UnitName;
  readonly result: string;
  readonly ref: JournalRef;
}

/** What the journal holds about one VM: its own unit and the helper units of microvm.nix. */
export interface VmJournal {
  readonly invocations: readonly Invocation[];
  readonly helpers: readonly Invocation[];
  readonly skipped: readonly SkippedStart[];
  readonly limits: readonly StartLimit[];
  readonly failedJobs: readonly FailedJob[];
  readonly stops: readonly { readonly unit: UnitName; readonly ref: JournalRef }[];
  readonly entries: number;
}

export interface Boot {
  readonly id: BootId;
  readonly first: Micros;
  readonly last: Micros;
}

/** Something on the host that is not the VM's own and that its story needs. */
export type HostEvent =
  | { readonly kind: "switch"; readonly toplevel?: StorePath; readonly ref: JournalRef }
  /** It ended with an error: not everything of it is in force. */
  | { readonly kind: "switch-failed"; readonly toplevel?: StorePath; readonly ref: JournalRef }
  /** Units that a switch says it stops, starts, restarts or reloads. */
  | {
      readonly kind: "switch-units";
      readonly action: string;
      readonly units: readonly UnitName[];
      readonly ref: JournalRef;
    }
  | { readonly kind: "garbage-collected"; readonly ref: JournalRef }
  | { readonly kind: "secrets-installed"; readonly ref: JournalRef }
  | { readonly kind: "secrets-failed"; readonly ref: JournalRef }
  | {
      readonly kind: "operator";
      readonly user: string;
      readonly command: string;
      readonly ref: JournalRef;
    }
  | { readonly kind: "journal-started"; readonly ref: JournalRef }
  | { readonly kind: "journal-stopped"; readonly ref: JournalRef };

/** A span in which the journal holds nothing of anybody although something must have been logged. */
export interface JournalHole {
  readonly since: Micros;
  readonly until: Micros;
}

/** Entries that journald numbered and that are in no file: `count` at least, between the numbers `after` and `before`. */
export interface SequenceHole extends JournalHole {
  readonly count: number;
  readonly after: number;
  readonly before: number;
  /** Absent where it reaches over a boot. */
  readonly boot?: BootId;
}

/** Two neighbouring entries between which the host's time and the kernel's clock did not go on alike. */
export interface ClockStep {
  readonly boot: BootId;
  readonly since: Micros;
  readonly until: Micros;
  /** Microseconds that the host's time gained, negative where it went back; absent where only systemd tells of a change. */
  readonly by?: number;
}

/** The oldest entry that is kept. */
export interface JournalHead {
  readonly boot: BootId;
  readonly time: Micros;
  /** Microseconds since that boot, by the kernel's clock. */
  readonly afterBoot: number;
  /** Its boot wrote nothing before it. */
  readonly isFirst: boolean;
}

export interface HostJournal {
  readonly boots: readonly Boot[];
  readonly first?: Micros;
  readonly last?: Micros;
  readonly hostname?: string;
  readonly machineId?: string;
  readonly events: readonly HostEvent[];
  readonly suppressed: readonly {
    readonly unit?: UnitName;
    readonly count?: number;
    readonly ref: JournalRef;
  }[];
  readonly head?: JournalHead;
  readonly clockSteps: readonly ClockStep[];
  readonly holes: readonly JournalHole[];
  readonly sequenceHoles: readonly SequenceHole[];
  /** Why only a part of it may be read with the reader's rights. */
  readonly partial?: string;
  /** Why it could not be looked whether there are more holes. */
  readonly unchecked?: string;
  /** What else kept it from being read whole. */
  readonly shortfalls: readonly { readonly kind: Shortfall; readonly reason: string }[];
}
