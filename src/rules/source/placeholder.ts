import type { DeclaredSecret } from "../../evidence/installation.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { wantedFiles } from "../../facts/wanted-files.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

const STAND_IN = /placeholder|dummy|change-?me|not-?yet-?generated/iu;

export default defineRule({
  id: "source/placeholder",
  severity: "error",
  part: "cause",
  docs: {
    what: "The secret is a generator's placeholder, not a value.",
    why: "Before the host's key is known, agenix-rekey and others deploy stand-ins, so that the first build succeeds. A second deployment with the real key replaces them.",
    proof:
      "Names alone: several secrets are decrypted from one and the same file, or the file's name says what it is. The content is never read.",
    ruledOut: "Each secret has a ciphertext of its own, under a name of its own.",
    confusedWith: [
      { id: "source/empty", tell: "There the file has 0 bytes." },
      { id: "source/decrypt-key", tell: "There decryption fails." },
    ],
    repair: "Fetch the host's public key, rekey, and deploy again.",
    sources: ["agenix-rekey README: dummy secrets for a host without a key (#60, #115)"],
  },
  requires: ["installation", "secretFiles", "secrets"],
  optional: ["unit", "runners", "history"],
  causes: [
    {
      mechanism: "secret-is-not-made",
      effects: [
        "source/decrypt-key",
        "source/empty",
        "guest/empty-credential",
        "credentials/source-missing",
      ],
    },
  ],
  *check(knowledge) {
    const { installation, history } = knowledge;
    const wanted = new Set(wantedFiles(knowledge).map(({ path }) => path));
    const stands = installation.declared.filter(
      (secret) => wanted.has(secret.path) && isStandIn(secret, installation.declared),
    );
    const [first] = stands;
    if (first === undefined) return;
    const paths = stands.map(({ path }) => path);
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: `${listed(stands.map(({ name }) => name))} ${stands.length === 1 ? "is" : "are"} only a placeholder`,
      explanation: `The installer makes ${first.path} from ${first.ciphertext?.path ?? "a stand-in"}, which ${STAND_IN.test(first.ciphertext?.path ?? first.path) ? "says by its name what it is" : "several secrets share"}. The real value comes with a second deployment, once the host's key is known.`,
      certainty: "strong",
      subject: {
        path: first.path,
        ...(first.ciphertext === undefined ? {} : { from: first.ciphertext.path }),
      },
      evidence: nonEmpty<EvidenceRef>(first.ref, ...stands.slice(1).map(({ ref }) => ref)),
      scope: {
        paths,
        secrets: secretNames(knowledge, paths),
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
      },
      remedies: [
        {
          title: "Rekey with the host's real key and deploy again",
          kind: "command",
          snippet: "agenix rekey && nixos-rebuild switch",
          clears: ["source/placeholder"],
          leaves: [],
          cost: "The host's public key has to be in the configuration first (age.rekey.hostPubkey).",
        },
      ],
    };
  },
});

/**
 * sops-nix keeps many secrets in one file by design; agenix has a file for each. One that bears the name of a secret is that secret's,
 * and whoever else is given it shares its value.
 */
const isStandIn = (
  { installer, ciphertext, path }: DeclaredSecret,
  all: readonly DeclaredSecret[],
): boolean =>
  STAND_IN.test(ciphertext?.path ?? "") ||
  STAND_IN.test(path) ||
  (installer === "agenix" &&
    ciphertext !== undefined &&
    all.some((other) => other.path !== path && other.ciphertext?.path === ciphertext.path) &&
    !all.some(
      ({ name, ciphertext: own }) =>
        own?.path === ciphertext.path && fileNameOf(own.path).includes(fileNameOf(name)),
    ));

const fileNameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
