import type { CollectedEvidence } from "../../evidence/evidence.ts";
import type { HostJournal } from "../../evidence/journal.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { History } from "../../facts/history.ts";
import type { VmName } from "../../vocabulary.ts";
import type { Argument, Hypothesis, JudgedFinding } from "../finding.ts";

/** What hypotheses are weighed with. A source that could not be read decides nothing. */
export interface HypothesisInput {
  readonly vm: VmName;
  readonly evidence: CollectedEvidence;
  readonly hostJournal: HostJournal;
  readonly history: History;
  readonly findings: readonly JudgedFinding[];
}

/** Supported where something speaks for it, refuted where something rules it out; where both do, nothing is decided. */
export const stateOf = (supported: boolean, refuted: boolean): Hypothesis["state"] =>
  supported === refuted ? "open" : supported ? "supported" : "refuted";

export const argue = (text: string, ...evidence: readonly EvidenceRef[]): Argument => ({
  text,
  evidence,
});

/** The argument where the condition holds, to be spread into a list. */
export const when = (holds: boolean, argument: () => Argument): readonly Argument[] =>
  holds ? [argument()] : [];

/** As one word of a shell's command line. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
