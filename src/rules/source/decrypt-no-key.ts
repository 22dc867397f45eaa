import type { HostJournal } from "../../evidence/journal.ts";
import type { Installation } from "../../evidence/installation.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { absentKeys, affectedBy, keyNamedBy, noKeyWords } from "../../facts/decryption.ts";
import { declaredAt } from "../../facts/installer-runs.ts";
import type { Secret } from "../../facts/secrets.ts";
import {
  isMissing,
  missed,
  placeIn,
  wantedFiles,
  type WantedFile,
} from "../../facts/wanted-files.ts";
import { listed, moment } from "../../facts/wording.ts";
import type { HostPath } from "../../vocabulary.ts";
import { journalCarries } from "../../facts/journal-coverage.ts";
import { defineRule, type Observation, type Remedy } from "../rule.ts";
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
  optional: ["unit", "runners", "history", "hostJournal"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [...claim.effects, "source/never-installed" as const],
  })),
  *check(knowledge) {
    const { installation } = knowledge;
    const wanted = wantedFiles(knowledge);
    const last = noKeyWords(installation, knowledge).at(-1);
    if (last === undefined) {
      yield* withoutWords(knowledge, wanted);
      return;
    }
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
      remedies: [keyBack(keys[0]?.path ?? keyNamedBy(last), paths)],
    };
  },
});

type Check = Parameters<typeof wantedFiles>[0] & {
  readonly secrets: readonly Secret[];
  readonly installation: Installation;
  readonly hostJournal?: HostJournal;
};

/** A switch logs nothing. Where none of the keys that an installer names is on the host, it cannot have decrypted. */
function* withoutWords(knowledge: Check, wanted: readonly WantedFile[]): Iterable<Observation> {
  const { installation } = knowledge;
  for (const installer of ["sops-nix", "agenix"] as const) {
    const keys = installation.keys.filter((key) => key.installer === installer);
    const missing = wanted.filter(
      (one) =>
        isMissing(one) &&
        declaredAt(installation, placeIn(installation, one))?.installer === installer,
    );
    const [key, ...more] = keys;
    const [gone] = missing;
    if (key === undefined || gone === undefined || keys.some(({ ref }) => ref.absent !== true))
      continue;
    const paths = missing.map(({ path }) => path);
    yield {
      title: `No key of ${installer} is on the host`,
      explanation: `${listed(keys.map(({ path }) => path))} ${keys.length === 1 ? "is" : "are"} what ${installer} decrypts with, and nothing of it is there. ${listed(paths)} ${paths.length === 1 ? "is" : "are"} declared and not there either. No line of the journal tells of a run; a switch writes none.`,
      certainty: "strong",
      subject: { installer, path: gone.path },
      evidence: nonEmpty<EvidenceRef>(
        key.ref,
        ...more.map(({ ref }) => ref),
        ...journalCarries(knowledge.hostJournal, `words of ${installer}`),
        ...(gone.walk === undefined ? [] : [gone.walk.ref]),
      ),
      scope: {
        ...missed(gone),
        paths,
        secrets: secretNames(knowledge, paths),
        inForce: true,
      },
      remedies: [keyBack(key.path, paths)],
    };
  }
}

const keyBack = (key: HostPath | undefined, paths: readonly HostPath[]): Remedy => ({
  title: "Put the key back, for root alone, and install again",
  kind: "command",
  snippet: `install -D -m 0600 -o root -g root KEY-FROM-THE-BACKUP ${key ?? "/var/lib/sops-nix/key.txt"}
/run/current-system/bin/switch-to-configuration test`,
  clears: ["source/decrypt-no-key"],
  leaves: [],
  cost: "Without a copy of that key the secrets have to be encrypted to a new one by somebody who can still decrypt them. clan vars upload brings the key of a clan machine.",
  repairs: paths.map((path) => ({ kind: "file-made", path })),
});
