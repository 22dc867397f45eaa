import type { EvidenceRef } from "../../evidence/reference.ts";
import { absentKeys, affectedBy, noKeyWords } from "../../facts/decryption.ts";
import { missed, wantedFiles } from "../../facts/wanted-files.ts";
import { listed, moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/decrypt-no-key",
  severity: "error",
  part: "cause",
  docs: {
    what: "Decryption failed: there was no key.",
    why: "Without its age or SSH key the installer writes nothing. The key was never brought to the host, or lies on a file system that is not there yet.",
    proof:
      "The installer's words about its key file or identities in its newest run, and the key file's absence.",
    ruledOut: "The key file is there now: then it came too late (source/not-yet-present).",
    confusedWith: [
      { id: "source/decrypt-key", tell: "There a key was tried and does not fit." },
      { id: "source/not-yet-present", tell: "There the key is on the host by now." },
    ],
    repair:
      "Bring the key to the host (clan vars upload, a restore, ssh-keygen for the host key) and activate again.",
    sources: [
      "sops-nix pkgs/sops-install-secrets/main.go at 56b2406",
      "agenix modules/age.nix at b027ee2",
    ],
  },
  requires: ["installation", "secretFiles", "secrets"],
  optional: ["unit", "runners", "history"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [...claim.effects, "source/never-installed" as const],
  })),
  *check(knowledge) {
    const { installation } = knowledge;
    const last = noKeyWords(installation).at(-1);
    if (last === undefined) return;
    const wanted = wantedFiles(knowledge);
    const { missing } = affectedBy(last, wanted, installation);
    const [gone] = missing;
    if (gone === undefined) return;
    const keys = absentKeys(installation);
    const paths = missing.map(({ path }) => path);
    yield {
      title: "The installer of secrets had no key to decrypt with",
      explanation:
        `At ${moment(last.time)} the newest run found no key.` +
        (keys.length > 0
          ? ` ${listed(keys.map(({ path }) => path))} ${keys.length === 1 ? "is" : "are"} not on the host.`
          : "") +
        ` ${listed(paths)} ${paths.length === 1 ? "is" : "are"} therefore not there.`,
      certainty: keys.length > 0 ? "proven" : "strong",
      subject: { installer: last.installer ?? "unknown", path: gone.path },
      evidence: nonEmpty<EvidenceRef>(
        last.ref,
        ...keys.map(({ ref }) => ref),
        ...(gone.walk === undefined ? [] : [gone.walk.ref]),
      ),
      scope: {
        ...missed(gone),
        paths,
        secrets: secretNames(knowledge, paths),
        inForce: true,
      },
    };
  },
});
