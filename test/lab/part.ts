/** One part of the lab: a group of trials that need the same of the machine. */
export interface Part {
  /** As in `npm run lab -- NAME`. */
  readonly name: string;
  /** What this machine cannot give it and why, a sentence each; none where the part can run. */
  missing(): Promise<readonly string[]>;
  /** Makes its trials and tells each; throws only where the lab itself is broken. */
  run(reporter: Reporter, options: LabOptions): Promise<void>;
}

export interface LabOptions {
  /** Only what fits into a few minutes on a machine that has nothing cached. */
  readonly bounded: boolean;
  /** Names of trials, where only some are wanted. */
  readonly only: readonly string[];
  /** Versions of systemd, where only some are wanted: `257`. */
  readonly systemd: readonly string[];
  /** Where what was seen is to be kept, as scenarios of the fast suite are. */
  readonly captures?: string;
  /** Aborted where somebody interrupts: a part stops what it started, and returns. */
  readonly signal: AbortSignal;
}

/** Who is told of each trial, as soon as it is over. */
export interface Reporter {
  /** What a trial was to show was seen. `said` is what mvdoctor said: rule ids, in a few words. */
  passed(trial: Trial, said: string): void;
  /** What differs from what was to be seen, a line each: at least one. */
  failed(trial: Trial, differences: readonly string[]): void;
  /** What could not be tried here, and why. */
  skipped(trial: Omit<Trial, "seconds">, why: string): void;
  /** What goes on, where it takes a while. */
  note(text: string): void;
}

/** One failure, provoked once. */
export interface Trial {
  readonly part: string;
  /** What it ran on: `systemd 257, units of 2026`. */
  readonly on: string;
  /** What was provoked: `unreadable-file`. */
  readonly name: string;
  /** From its beginning until it was judged. */
  readonly seconds: number;
}
