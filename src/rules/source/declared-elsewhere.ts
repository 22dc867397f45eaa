import type { EvidenceRef } from "../../evidence/reference.ts";
import { isMissing, missed, wantedFiles } from "../../facts/wanted-files.ts";
import { declaredAt } from "../../facts/installer-runs.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/declared-elsewhere",
  severity: "error",
  part: "cause",
  docs: {
    what: "The secret belongs to another machine, the guest, and the host never gets it.",
    why: "A secret that the guest's own configuration declares is installed in the guest. The runner works on the host, where nothing of it exists.",
    proof:
      "The path is missing on the host, the guest's system declares that secret, and the host's does not.",
    ruledOut: "The host declares it as well.",
    confusedWith: [
      { id: "source/path-missing", tell: "There nobody declares it." },
      { id: "source/path-moved", tell: "There the host has it, under another path." },
    ],
    repair: "Declare the secret on the host, or let the guest decrypt it for itself.",
    sources: [
      "sops-nix and agenix: each machine's activation installs what its own configuration declares",
    ],
  },
  requires: ["secretFiles", "secrets", "installation", "guestSystem"],
  optional: ["unit", "runners", "history"],
  causes: NOT_MADE,
  *check(knowledge) {
    const { installation, guestSystem } = knowledge;
    for (const wanted of wantedFiles(knowledge)) {
      if (!isMissing(wanted)) continue;
      if (!installation.declarationsRead || declaredAt(installation, wanted.path) !== undefined)
        continue;
      const there = guestSystem.declared.find(
        ({ path, stored }) => path === wanted.path || stored === wanted.path,
      );
      if (there === undefined) continue;
      yield {
        title: `${wanted.path} is a secret of the guest, not of the host`,
        explanation: `The guest's system declares ${there.name}, to be installed inside the guest. The host declares no such secret, so ${wanted.path} does not exist where it is wanted.`,
        certainty: "proven",
        subject: { path: wanted.path, name: there.name },
        evidence: nonEmpty<EvidenceRef>(
          wanted.ref,
          there.ref,
          ...(wanted.walk === undefined ? [] : [wanted.walk.ref]),
        ),
        scope: {
          ...missed(wanted),
          paths: [wanted.path],
          secrets: secretNames(knowledge, [wanted.path]),
          inForce: true,
        },
        remedies: [
          {
            title: "Declare the secret on the host",
            kind: "nix",
            snippet: `{
  # in the host's configuration
  ${there.installer === "agenix" ? `age.secrets."${there.name}".file = ./secrets/${there.name.replaceAll("/", "-")}.age;` : `sops.secrets."${there.name}" = { };`}
}
`,
            clears: ["source/declared-elsewhere"],
            leaves: [],
            cost: "Encrypt it to the host's key as well.",
            repairs: [
              { kind: "file-made", path: wanted.path },
              { kind: "outside-model", clears: ["source/declared-elsewhere"] },
            ],
          },
        ],
      };
    }
  },
});
