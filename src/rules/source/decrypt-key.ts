import type { EvidenceRef } from "../../evidence/reference.ts";
import { affectedBy } from "../../facts/decryption.ts";
import { brokenRun, declaredAt, openWords, type EventOf } from "../../facts/installer-runs.ts";
import { missed, placeIn, wantedFiles } from "../../facts/wanted-files.ts";
import { listed, moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/decrypt-key",
  severity: "error",
  part: "cause",
  docs: {
    what: "Decryption failed: the key at hand is not the one that the secret was encrypted to, or it changed.",
    why: "sops-nix keeps the old generation when one file cannot be decrypted: new names are missing and old values stay. agenix links a new generation without that one secret.",
    proof:
      "The installer's own words in its newest run; without a journal line, sops-nix's age-keys.txt newer than the generation in force: the run ended after it had its keys.",
    ruledOut: "A run that went through afterwards, or no key at all.",
    confusedWith: [
      { id: "source/decrypt-no-key", tell: "There was no key to try." },
      {
        id: "source/placeholder",
        tell: "There the ciphertext is a stand-in until the host's key is known.",
      },
      { id: "source/empty", tell: "There decryption is right and the plaintext has no bytes." },
    ],
    repair:
      "Encrypt the file to the host's key (sops updatekeys, agenix --rekey, clan vars fix) and switch. List the ssh-to-age form of an SSH key: sops' own ssh recipients are not the same.",
    upstream: [
      {
        project: "sops-nix",
        note: "SSH host keys are converted to age; a native ssh-ed25519 recipient of sops 3.10 does not match (#824).",
      },
    ],
    sources: [
      "sops-nix pkgs/sops-install-secrets/main.go at 56b2406",
      "agenix modules/age.nix:107-117 at b027ee2",
    ],
  },
  requires: ["installation", "secretFiles", "secrets"],
  optional: ["unit", "runners", "history", "hostJournal"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [...claim.effects, "source/never-installed" as const],
  })),
  *check(knowledge) {
    const { installation } = knowledge;
    const wanted = wantedFiles(knowledge);
    const wrong = openWords(installation, "wrong-key", knowledge);
    const isKeyNamed = wrong.length > 0;
    const words = isKeyNamed ? wrong : openWords(installation, "unreadable-file", knowledge);
    const [first] = words;
    const last = words.at(-1);
    if (first !== undefined && last !== undefined) {
      const affected = words.map((event) => affectedBy(event, wanted, installation));
      const missing = [...new Set(affected.flatMap((one) => one.missing))];
      const kept = [...new Set(affected.flatMap((one) => one.kept))];
      if (missing.length + kept.length === 0 || (missing.length === 0 && !isKeyNamed)) return;
      const paths = [...missing, ...(missing.length > 0 ? [] : kept)].map(({ path }) => path);
      const starts = missing.flatMap((one) => missed(one).starts);
      const phase = missing.map((one) => missed(one).phase).find((index) => index !== undefined);
      yield {
        title: isKeyNamed
          ? "The installer of secrets could not decrypt with the key at hand"
          : "The installer of secrets could not decrypt a file",
        explanation:
          `At ${moment(last.time)} ` +
          (isKeyNamed
            ? `the newest run had a key that does not fit${ofFiles(words)}. `
            : "the newest run could not make sense of what is encrypted: its words are about the file, and no key is named. ") +
          (missing.length > 0
            ? `${listed(missing.map(({ path }) => path))} ${missing.length === 1 ? "is" : "are"} therefore not there.${last.installer === "sops-nix" ? " sops-nix decrypts everything before it writes anything." : ""}`
            : "What lies there is from an earlier run: it is there, and may be old."),
        certainty: isKeyNamed ? (missing.length > 0 ? "proven" : "strong") : "weak",
        ...(missing.length > 0 ? {} : { severity: "warning" as const }),
        subject: { installer: last.installer ?? "unknown", path: paths[0] ?? "" },
        evidence: nonEmpty<EvidenceRef>(
          last.ref,
          ...(first === last ? [] : [first.ref]),
          ...missing.slice(0, 1).flatMap(({ walk }) => walk?.ref ?? []),
        ),
        scope: {
          paths,
          secrets: secretNames(knowledge, paths),
          starts,
          inForce: true,
          ...(phase === undefined ? {} : { phase }),
        },
        remedies: [
          isKeyNamed
            ? {
                title: "Encrypt the secrets to this host's key and switch",
                kind: "command",
                snippet:
                  last.installer === "agenix" ? "agenix --rekey" : "sops updatekeys secrets.yaml",
                clears: ["source/decrypt-key"],
                leaves: [],
                cost: "Needs a key that can still decrypt them. Then switch the host and restart the VM.",
              }
            : {
                title:
                  "Look at the encrypted file, and encrypt the value again where it is damaged",
                kind: "command",
                snippet:
                  last.installer === "agenix"
                    ? "head -c 21 secrets/*.age"
                    : "sops filestatus secrets.yaml",
                clears: ["source/decrypt-key"],
                leaves: [],
                cost: "A pointer of git-lfs, a merge gone wrong or a file that was never encrypted stands there in its place. Then switch the host and restart the VM.",
              },
        ],
      };
      return;
    }
    // No line, but the traces of a run that ended between its keys and its generation.
    const broken = brokenRun(installation, knowledge);
    if (broken === undefined) return;
    const missing = wanted.filter(
      (one) =>
        one.walk?.end === "absent" &&
        declaredAt(installation, placeIn(installation, one))?.installer === "sops-nix",
    );
    const [gone] = missing;
    if (gone === undefined) return;
    const paths = missing.map(({ path }) => path);
    yield {
      title: "The newest run of sops-nix imported its keys and wrote no generation",
      explanation: `age-keys.txt was written after the generation in force, so the newest run ended in between, which is where it decrypts. ${listed(paths)} ${paths.length === 1 ? "is" : "are"} declared and not there.`,
      certainty: "strong",
      subject: { installer: "sops-nix", path: gone.path },
      evidence: nonEmpty<EvidenceRef>(
        broken.keys,
        broken.generation,
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

/** The encrypted files that the lines name, by the names that their authors gave them. */
const ofFiles = (words: readonly EventOf<"wrong-key" | "unreadable-file">[]): string => {
  const files = [...new Set(words.flatMap(({ word }) => word.file ?? []))];
  return files.length === 0
    ? ""
    : ` what ${listed(files)} ${files.length === 1 ? "is" : "are"} encrypted to`;
};
