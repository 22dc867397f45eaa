import type { SpawnFailure } from "../evidence/journal.ts";
import type { CredentialFault } from "../evidence/output.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { InvocationId } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { countOf, meaningsIn } from "./starts.ts";

export type CredentialTrouble =
  | "missing"
  | "too-large"
  | "undecryptable"
  | "name-mismatch"
  | "expired";

/** What systemd said of a credential that it refused: its child in a sentence, or errno. */
export interface Heard {
  readonly trouble: CredentialTrouble;
  readonly by: "sentence" | "errno";
  readonly ref: JournalRef;
}

/** The starts that ended at step CREDENTIALS, in the newest phase that has any start. */
export interface CredentialWords {
  readonly phase?: Phase;
  readonly starts: readonly InvocationId[];
  /** How many starts these are; of a long loop not all are held. */
  readonly count: number;
  readonly failures: readonly SpawnFailure[];
  readonly heard: readonly Heard[];
  readonly words: readonly JournalRef[];
  /** No later start got past that step. */
  readonly inForce: boolean;
}

/** Errno of step CREDENTIALS, which systemd writes from 259 on; before it is EPROTO for every cause. */
const TROUBLE_OF_ERRNO: Readonly<Record<number, CredentialTrouble>> = {
  2: "missing",
  7: "too-large",
  22: "undecryptable",
  32: "undecryptable",
  65: "undecryptable",
  66: "undecryptable",
  74: "undecryptable",
  89: "name-mismatch",
  95: "undecryptable",
  112: "undecryptable",
  116: "expired",
  123: "undecryptable",
  124: "undecryptable",
  131: "undecryptable",
  133: "undecryptable",
};

const TROUBLE_OF_FAULT: Readonly<Record<CredentialFault, CredentialTrouble>> = {
  expired: "expired",
  name: "name-mismatch",
  size: "too-large",
  key: "undecryptable",
  tpm: "undecryptable",
  format: "undecryptable",
  "machine-id": "undecryptable",
};

/** What the journal alone tells of credentials that systemd refused; of which credential it does not say. */
export const credentialWords = (history: History | undefined): CredentialWords => {
  const newest = history?.phases.findLast(({ starts }) => starts.length > 0);
  const failed = (newest?.starts ?? []).filter(({ spawnFailures }) =>
    spawnFailures.some(({ step }) => step === "CREDENTIALS"),
  );
  const failures = failed.flatMap(({ spawnFailures }) =>
    spawnFailures.filter(({ step }) => step === "CREDENTIALS"),
  );
  const told = failed.flatMap((start) => meaningsIn(start, "credential-refused"));
  return {
    ...(newest === undefined ? {} : { phase: newest }),
    starts: failed.map(({ id }) => id),
    count: countOf(failed),
    failures,
    heard: [
      ...told.slice(-1).map(({ meaning, ref }): Heard => ({
        trouble: TROUBLE_OF_FAULT[meaning.why],
        by: "sentence",
        ref,
      })),
      ...failures.slice(-1).flatMap(({ errno, ref }): readonly Heard[] => {
        const trouble = errno === undefined ? undefined : TROUBLE_OF_ERRNO[errno];
        return trouble === undefined ? [] : [{ trouble, by: "errno", ref }];
      }),
    ],
    words: [...told.map(({ ref }) => ref), ...failures.map(({ ref }) => ref)],
    inForce: failed.length === 0 || failed.at(-1) === newest?.starts.at(-1),
  };
};
