import { ENDS_THE_SETUP, verdictObservations } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "credentials/name-mismatch",
  severity: "error",
  part: "cause",
  docs: {
    what: "The name sealed inside an encrypted credential is not the one asked for.",
    why: "systemd-creds seals the name into the credential. A file that was renamed or copied, or another id in LoadCredentialEncrypted=, is refused as if the key were wrong.",
    proof:
      "The words of systemd's child or errno 89 from 259 on; ahead of a start the file's own name beside the id, as a hint.",
    ruledOut: "The id is the file's name, and systemd names another cause.",
    confusedWith: [
      { id: "credentials/undecryptable", tell: "There the key does not fit." },
      {
        id: "guest/name-mismatch",
        tell: "That is about the name under which the guest looks for it.",
      },
    ],
    repair: "Ask for the id that it was encrypted with, or encrypt it again with --name=ID.",
    upstream: [
      {
        project: "systemd",
        from: "259",
        note: "errno 89 (Destination address required) in ERRNO=; before, Protocol error.",
      },
    ],
    sources: ["systemd-creds(1), --name=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["secrets"],
  optional: ["unit", "secretFiles", "history", "credentialStore"],
  anyOf: ["unit", "history"],
  causes: ENDS_THE_SETUP,
  *check(knowledge) {
    yield* verdictObservations(knowledge, "name-mismatch", {
      alone: {
        title: "An encrypted credential was sealed under another name",
        explanation:
          "systemd says that the name inside a credential is not the one that the unit asks for.",
      },
      title: ({ credential }) => `The credential ${credential.id} was sealed under another name`,
      explanation: ({ credential }) =>
        `The unit asks for ${credential.id}, and the name inside ${credential.source ?? "the credential"} is another.`,
    });
  },
});
