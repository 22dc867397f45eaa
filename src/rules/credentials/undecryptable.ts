import { ENDS_THE_SETUP, verdictObservations } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "credentials/undecryptable",
  severity: "error",
  part: "cause",
  docs: {
    what: "An encrypted credential cannot be opened: the key (TPM, host key) is gone or changed, or the file is no such credential.",
    why: "LoadCredentialEncrypted= is fatal. A firmware update changes the TPM's measurements for all credentials at once; a new machine-id makes systemd throw its host key away.",
    proof:
      "The words of systemd's child, errno from 259 on, or: the file is there, small enough, well named, and the step fails; the state of the host key.",
    ruledOut: "The step goes through, or another fault of the same credential is proven.",
    confusedWith: [
      {
        id: "credentials/name-mismatch",
        tell: "There the key is right and the sealed name is another.",
      },
      { id: "credentials/expired", tell: "There the credential's own end date has passed." },
      { id: "credentials/source-missing", tell: "There the file is missing." },
    ],
    repair: "Encrypt the credential again on this host: systemd-creds encrypt --name=ID.",
    upstream: [
      {
        project: "systemd",
        until: "259",
        note: "The text is Protocol error for every cause; later versions write the errno.",
      },
    ],
    sources: [
      "systemd-creds(1)",
      "systemd src/shared/creds-util.c",
      "systemd#34740, #37399, #31895",
    ],
  },
  requires: ["secrets"],
  optional: ["unit", "secretFiles", "history", "credentialStore"],
  anyOf: ["unit", "history"],
  causes: ENDS_THE_SETUP,
  *check(knowledge) {
    yield* verdictObservations(knowledge, "undecryptable", {
      alone: {
        title: "systemd cannot open an encrypted credential",
        explanation:
          "systemd says that it cannot open a credential: the key is another one, or the file is no such credential.",
      },
      title: ({ credential }) => `systemd cannot open the encrypted credential ${credential.id}`,
      explanation: ({ credential }) =>
        `${credential.source ?? credential.id} is there, and systemd cannot open it with the keys of this host.`,
      remedies: ({ credential }) => [
        {
          title: "Find out which key it was sealed with, and seal it again",
          kind: "command",
          snippet: `systemd-creds decrypt --name=${credential.id} ${credential.source ?? "FILE"} - > /dev/null`,
          clears: [],
          leaves: ["credentials/undecryptable"],
          cost: "Says why it cannot be opened and shows no value. Then encrypt the value again with systemd-creds encrypt --name.",
        },
      ],
    });
  },
});
