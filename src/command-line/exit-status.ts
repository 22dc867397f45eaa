import { SEVERITIES, type Severity } from "../vocabulary.ts";

/** The exit statuses of every command: part of the contract with scripts. */
export const EXIT = {
  /** Looked, and nothing at or above `--fail-on`. */
  ok: 0,
  /** Findings at or above `--fail-on`. */
  findings: 1,
  /** Wrong usage, which includes an output that cannot be written. */
  usage: 2,
  /** Nothing found, but a required source could not be read in full, so "nothing" cannot be said. */
  incomplete: 3,
  /** No such VM. */
  unknownVm: 4,
  /** A bundle is damaged or of an unknown schema. */
  badBundle: 5,
  /** A bug in mvdoctor (`EX_SOFTWARE` of sysexits.h). */
  bug: 70,
  /** Interrupted by SIGINT: 128 + 2, as a shell reports it. */
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** What a failure that was foreseen may end with. */
export type FailureStatus = 2 | 3 | 4 | 5;

export const FAIL_ON = [...SEVERITIES, "never"] as const;
export type FailOn = (typeof FAIL_ON)[number];

/**
 * The exit status of a command that looked. Findings win over incomplete evidence. With `never`, any finding is
 * enough to end with 0: only "nothing found" needs complete evidence.
 */
export const statusOfFindings = (
  severities: readonly Severity[],
  { failOn, complete }: { readonly failOn: FailOn; readonly complete: boolean },
): ExitStatus => {
  if (failOn === "never" && severities.length > 0) return EXIT.ok;
  const failing = failingSeverities(failOn);
  if (severities.some((severity) => failing.includes(severity))) return EXIT.findings;
  return complete ? EXIT.ok : EXIT.incomplete;
};

/** The severities of which one finding is enough to end with 1. */
export const failingSeverities = (failOn: FailOn): readonly Severity[] =>
  failOn === "never" ? [] : SEVERITIES.slice(0, SEVERITIES.indexOf(failOn) + 1);
