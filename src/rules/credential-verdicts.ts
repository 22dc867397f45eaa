import type { EvidenceRef } from "../evidence/reference.ts";
import {
  credentialFailures,
  type CredentialInput,
  type CredentialTrouble,
  type CredentialVerdict,
} from "../facts/credential-failures.ts";
import type { Secret } from "../facts/secrets.ts";
import { counted } from "../facts/wording.ts";
import type { CausalClaim, Observation, Remedy } from "./rule.ts";
import { nonEmpty, secretNames } from "./scope.ts";

/** What follows where systemd cannot set a credential up. */
export const ENDS_THE_SETUP: readonly CausalClaim[] = [
  {
    mechanism: "failed-setup-ends-the-start",
    effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
  },
];

export interface VerdictWords {
  readonly title: (verdict: CredentialVerdict) => string;
  readonly explanation: (verdict: CredentialVerdict) => string;
  readonly remedies?: (verdict: CredentialVerdict) => readonly Remedy[];
}

/** An observation for each credential that systemd refuses for this reason. */
export const verdictObservations = (
  input: CredentialInput & { readonly secrets: readonly Secret[] },
  trouble: CredentialTrouble,
  words: VerdictWords,
): readonly Observation[] => {
  const failures = credentialFailures(input);
  return failures.verdicts
    .filter((verdict) => verdict.trouble === trouble)
    .map((verdict): Observation => {
      const { credential } = verdict;
      const starts = failures.starts.length;
      // A file name that only suggests it is no fault of a VM that starts.
      const isIdle = verdict.certainty === "weak" && starts === 0;
      return {
        title: words.title(verdict),
        explanation:
          `${words.explanation(verdict)} ${verdict.because}` +
          (starts > 0
            ? ` ${counted(starts, "start")} ended at that step.`
            : " No start in the journal has met it yet."),
        certainty: verdict.certainty === "weak" && starts > 0 ? "strong" : verdict.certainty,
        ...(isIdle ? { severity: "info" as const } : {}),
        subject: {
          credential: credential.id,
          ...(credential.source === undefined ? {} : { path: credential.source }),
        },
        evidence: nonEmpty<EvidenceRef>(
          credential.ref,
          ...verdict.evidence,
          ...failures.words.slice(0, 2),
        ),
        scope: {
          secrets:
            credential.source === undefined
              ? input.secrets
                  .filter(({ credentialIds }) => credentialIds.includes(credential.id))
                  .map(({ name }) => name)
              : secretNames(input, [credential.source]),
          paths: credential.source === undefined ? [] : [credential.source],
          starts: failures.starts,
          inForce: failures.inForce,
          ...(failures.phase === undefined ? {} : { phase: failures.phase.index }),
        },
        ...(words.remedies === undefined ? {} : { remedies: words.remedies(verdict) }),
      };
    });
};
