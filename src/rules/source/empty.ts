import type { Installation } from "../../evidence/installation.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { TimeSources } from "../../facts/file-times.ts";
import { openWords } from "../../facts/installer-runs.ts";
import type { Secret } from "../../facts/secrets.ts";
import { isMissing, missed, wantedFiles, type WantedFilesInput } from "../../facts/wanted-files.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/empty",
  severity: "error",
  part: "cause",
  docs: {
    what: "The secret exists on the host and has 0 bytes.",
    why: "Every hop works and carries nothing. The guest finds a credential of 0 bytes.",
    proof: "The size that stat reports; the content is never opened.",
    ruledOut: "The file that the reader opens, at the end of all links, has a size above 0.",
    confusedWith: [
      {
        id: "hypervisor/empty-in-transit",
        tell: "There the host's file has bytes, and they were lost on the way.",
      },
      {
        id: "source/placeholder",
        tell: "There the file has bytes, and they stand for a value that was never made.",
      },
      {
        id: "source/created-empty",
        tell: "There something made the path in advance, and the secret itself is missing.",
      },
      {
        id: "runner/swallowed-read-error",
        tell: "There the file has bytes and the read failed.",
      },
    ],
    repair:
      "Write the value again where it is encrypted, and install it. Ciphertext of an empty value is not empty, so the size of the encrypted file shows nothing.",
    sources: ["stat(2), st_size"],
  },
  requires: ["secretFiles", "secrets"],
  optional: ["history", "installation", "unit", "runners", "hostJournal"],
  causes: [{ mechanism: "empty-stays-empty", effects: ["guest/empty-credential"] }, ...NOT_MADE],
  *check(knowledge) {
    const { secretFiles, secrets, history } = knowledge;
    const phase = history?.phases.at(-1)?.index;
    yield* withoutOutput(knowledge);
    for (const walk of secretFiles.walks.values()) {
      const names = secretNames({ secrets }, [walk.path]);
      if (walk.file?.stat.type !== "file" || walk.file.stat.size > 0 || names.length === 0)
        continue;
      yield {
        title: `${walk.path} is empty`,
        explanation: `The file is there and has 0 bytes, so whoever reads it gets nothing. The fault lies with what writes it, not with the hand-over.`,
        certainty: "proven",
        subject: { path: walk.path, size: 0 },
        evidence: [walk.ref],
        scope: {
          secrets: names,
          paths: [walk.path],
          inForce: true,
          ...(phase === undefined ? {} : { phase }),
        },
        remedies: [
          {
            title: "Write the secret again and install it",
            kind: "advice",
            snippet:
              "Encrypt the value again with sops, agenix or `clan vars generate --regenerate`, then switch the host.",
            clears: ["source/empty"],
            leaves: [],
            cost: "The VM has to be restarted afterwards.",
          },
        ],
      };
    }
  },
});

type Check = WantedFilesInput &
  TimeSources & {
    readonly secrets: readonly Secret[];
    readonly installation?: Installation;
  };

/**
 * age 1.1.1 and rage write no file at all for a plaintext without bytes and end with success (age#555, rage#556): the installer then
 * misses its own output, and no word of a failed decryption stands before it.
 */
function* withoutOutput(knowledge: Check): Iterable<Observation> {
  const { installation } = knowledge;
  if (installation === undefined) return;
  const failures = (["wrong-key", "no-key", "unreadable-file"] as const).flatMap((kind) =>
    openWords(installation, kind, knowledge),
  );
  if (failures.length > 0) return;
  const told = new Set<string>();
  for (const event of openWords(installation, "output-missing", knowledge)) {
    const name = event.word.path.slice(event.word.path.lastIndexOf("/") + 1).replace(/\.tmp$/u, "");
    const wanted = wantedFiles(knowledge).find(
      (one) => isMissing(one) && one.path.endsWith(`/${name}`),
    );
    // chmod and mv miss the same output, each in its line.
    if (wanted === undefined || told.has(wanted.path)) continue;
    told.add(wanted.path);
    yield {
      title: `${wanted.path} was decrypted to nothing`,
      explanation: `The installer found no output where it had decrypted ${name}, and no decryption failed. age 1.1.1 and rage write no file for a plaintext without bytes: the secret was encrypted empty.`,
      certainty: "strong",
      subject: { path: wanted.path, size: 0 },
      evidence: nonEmpty<EvidenceRef>(
        event.ref,
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
          title: "Encrypt a value that is not empty and install it",
          kind: "command",
          snippet: `agenix -e ${name}.age`,
          clears: ["source/empty"],
          leaves: [],
          cost: "Then switch the host and start the VM.",
          repairs: [{ kind: "file-made", path: wanted.path }],
        },
      ],
    };
  }
}
