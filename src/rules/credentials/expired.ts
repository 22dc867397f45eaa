import { ENDS_THE_SETUP, verdictObservations } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "credentials/expired",
  severity: "error",
  part: "cause",
  docs: {
    what: "An encrypted credential is past its end date.",
    why: "systemd-creds encrypt --not-after= seals an end date in. From then on each start fails, without any change on the host.",
    proof:
      "The words of systemd's child, or errno 116 (Stale file handle) from 259 on. The date is inside the encrypted part: nobody can read it from outside.",
    ruledOut: "systemd names another cause, or the start goes through.",
    confusedWith: [
      {
        id: "credentials/undecryptable",
        tell: "There the key does not fit; up to 258 the unit's own line is the same.",
      },
    ],
    repair: "Encrypt the value again, with a later date or none.",
    upstream: [
      {
        project: "systemd",
        from: "259",
        note: "errno 116 in ERRNO=; before, only the child's own sentence tells.",
      },
    ],
    sources: ["systemd-creds(1), --not-after=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["secrets"],
  optional: ["unit", "secretFiles", "history", "credentialStore"],
  anyOf: ["unit", "history"],
  causes: ENDS_THE_SETUP,
  *check(knowledge) {
    yield* verdictObservations(knowledge, "expired", {
      alone: {
        title: "An encrypted credential has expired",
        explanation: "systemd says that the end date that is sealed into a credential has passed.",
      },
      title: ({ credential }) => `The encrypted credential ${credential.id} has expired`,
      explanation: ({ credential }) =>
        `An end date is sealed into ${credential.source ?? credential.id}, and it has passed.`,
    });
  },
});
