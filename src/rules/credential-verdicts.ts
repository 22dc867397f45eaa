import type { EvidenceRef } from "../evidence/reference.ts";
import {
  credentialFailures,
  type CredentialInput,
  type CredentialVerdict,
} from "../facts/credential-failures.ts";
import { credentialWords, type CredentialTrouble } from "../facts/credential-words.ts";
import type { History } from "../facts/history.ts";
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

/** What is said where the unit could not be looked at, so that only systemd's own word is there. */
export interface WordsAlone {
  readonly title: string;
  readonly explanation: string;
}

export interface VerdictWords {
  readonly alone: WordsAlone;
  readonly title: (verdict: CredentialVerdict) => string;
  readonly explanation: (verdict: CredentialVerdict) => string;
  readonly remedies?: (verdict: CredentialVerdict) => readonly Remedy[];
}

type Known = Partial<CredentialInput> & { readonly secrets: readonly Secret[] };

/** An observation for each credential that systemd refuses for this reason. */
export const verdictObservations = (
  { unit, secretFiles, ...known }: Known,
  trouble: CredentialTrouble,
  words: VerdictWords,
): readonly Observation[] =>
  unit === undefined || secretFiles === undefined
    ? observationsByWords(known.history, trouble, words.alone)
    : observationsByFiles({ ...known, unit, secretFiles }, trouble, words);

/** systemd says why, and not of which credential. */
export const observationsByWords = (
  history: History | undefined,
  trouble: CredentialTrouble,
  { title, explanation }: WordsAlone,
): readonly Observation[] => {
  const { heard, starts, count, phase, inForce, words } = credentialWords(history);
  const found = heard.find((one) => one.trouble === trouble);
  return found === undefined
    ? []
    : [
        {
          title,
          explanation: `${explanation} ${counted(count, "start")} ended at that step. The unit could not be looked at, so that of which credential it is said is not known.`,
          certainty: found.by === "sentence" ? "proven" : "strong",
          subject: { step: "CREDENTIALS" },
          evidence: nonEmpty<EvidenceRef>(found.ref, ...words.slice(0, 2)),
          scope: { starts, inForce, ...(phase === undefined ? {} : { phase: phase.index }) },
        },
      ];
};

const observationsByFiles = (
  input: CredentialInput & { readonly secrets: readonly Secret[] },
  trouble: CredentialTrouble,
  words: VerdictWords,
): readonly Observation[] => {
  const failures = credentialFailures(input);
  return failures.verdicts
    .filter((verdict) => verdict.trouble === trouble)
    .map((verdict): Observation => {
      const { credential } = verdict;
      const { count } = failures;
      // A file name that only suggests it is no fault of a VM that starts.
      const isIdle = verdict.certainty === "weak" && count === 0;
      return {
        title: words.title(verdict),
        explanation:
          `${words.explanation(verdict)} ${verdict.because}` +
          (count > 0
            ? ` ${counted(count, "start")} ended at that step.`
            : " This is what the next start would meet."),
        certainty: verdict.certainty === "weak" && count > 0 ? "strong" : verdict.certainty,
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
