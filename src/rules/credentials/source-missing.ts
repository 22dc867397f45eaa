import type { EvidenceRef } from "../../evidence/reference.ts";
import { credentialWords } from "../../facts/credential-words.ts";
import { counted } from "../../facts/wording.ts";
import { observationsByWords } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

export default defineRule({
  id: "credentials/source-missing",
  severity: "error",
  part: "cause",
  docs: {
    what: "`LoadCredential=` or `LoadCredentialEncrypted=` names an absolute path that does not exist.",
    why: "systemd refuses to start a unit whose credential it cannot load: status 243/CREDENTIALS, and with Restart= again and again.",
    proof:
      "lstat of the named path. The journal's words are no proof: up to systemd 257 every credential failure reads `Protocol error`.",
    ruledOut:
      "The named path exists, or SetCredential= gives a fallback for the same id. A failure at the step CREDENTIALS with all sources there has another cause.",
    confusedWith: [
      {
        id: "credentials/undecryptable",
        tell: "The lines of the journal are the same. There the source exists and is ciphertext.",
      },
      {
        id: "credentials/too-large",
        tell: "The lines of the journal are the same. There the source exists and has 1 MiB or more.",
      },
      {
        id: "credentials/systemd-bug",
        tell: "There every source exists, and the next start of the same unit may go through.",
      },
      {
        id: "credentials/silently-skipped",
        tell: "There the source is a bare id and no absolute path: the unit starts without it.",
      },
      {
        id: "source/not-yet-present",
        tell: "There the path exists now and is younger than the failed start.",
      },
    ],
    repair:
      "Name the path under which the secret is installed, best through the .path option of whoever installs it, so that the evaluation fails before the VM does.",
    upstream: [
      {
        project: "systemd",
        until: "259",
        note: "Every failure at this step reads `Protocol error`. From 259 on the words and ERRNO= carry the real error.",
      },
      {
        project: "microvm.nix",
        until: "2026-02-21",
        note: "The unit has an ExecStartPre=, so it is the control process that ends with 243; later it is the main process.",
      },
    ],
    sources: ["systemd.exec(5), LoadCredential=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["secrets"],
  optional: ["unit", "secretFiles", "history"],
  anyOf: ["unit", "history"],
  causes: [
    {
      mechanism: "failed-setup-ends-the-start",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
  ],
  *check({ unit, secretFiles, secrets, history }) {
    if (unit === undefined || secretFiles === undefined) {
      yield* observationsByWords(history, "missing", {
        title: "systemd is to load a credential from a file that does not exist",
        explanation:
          "systemd says that a file does not exist which it is to load a credential from.",
      });
      return;
    }
    const fallbacks = new Set(unit.setIds.map(({ value }) => value));
    const { phase, starts, count, failures } = credentialWords(history);
    for (const { id, source, ref } of unit.credentials) {
      const walk = source === undefined ? undefined : secretFiles.walks.get(source);
      if (source === undefined || walk?.end !== "absent" || fallbacks.has(id)) continue;
      yield {
        title: `systemd is to load ${id} from ${source}, which does not exist`,
        explanation:
          `The unit loads the credential ${id} from ${source}; ${walk.stopped ?? source} is missing. systemd does not start a unit without a credential that it was told to load.` +
          (failures.length > 0
            ? ` ${counted(count, "start")} ended at that step.`
            : " This is what the next start would meet."),
        certainty: "proven",
        subject: { credential: id, path: source, missing: walk.stopped ?? source },
        evidence: nonEmpty<EvidenceRef>(
          ref,
          walk.ref,
          ...failures.slice(0, 1).map((failure) => failure.ref),
        ),
        scope: {
          secrets: secretNames({ secrets }, [source]),
          paths: [source],
          starts,
          inForce: true,
          ...(phase === undefined ? {} : { phase: phase.index }),
        },
        remedies: [
          {
            title: "Name the path that the secret is installed under",
            kind: "nix",
            snippet: `{ config, ... }:
{
  systemd.services."${unit.name.replace(/\.service$/u, "")}".serviceConfig.LoadCredential = [
    "${id}:\${config.sops.secrets."${source.replace(/^\/run\/secrets\//u, "")}".path}"
  ];
}
`,
            clears: ["credentials/source-missing"],
            leaves: [],
            cost: "With .path the evaluation fails when the secret is not declared, instead of the VM at its start.",
          },
        ],
      };
    }
  },
});
