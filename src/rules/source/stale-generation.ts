import type { EvidenceRef } from "../../evidence/reference.ts";
import type { SecretRoot } from "../../evidence/installation.ts";
import { missed, wantedFiles } from "../../facts/wanted-files.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

const PINNED = /^(?<root>\/run\/(?:secrets|secrets-for-users|agenix))\.d\/(?<number>\d+)(?:\/|$)/u;

export default defineRule({
  id: "source/stale-generation",
  severity: "error",
  part: "cause",
  docs: {
    what: "The consumer still holds an older generation of the secrets than the one in force.",
    why: "Each activation writes a new generation and drops old ones. A path that names one by its number, or a copy that was made at the start, stays with the old values or with nothing.",
    proof:
      "A path with the number of another generation than the link's; or a copy of another size than its source. Times prove nothing: sops-nix writes everything anew at each switch.",
    ruledOut: "The number is the link's, and the copy has the source's size.",
    confusedWith: [
      {
        id: "hypervisor/share-emptied",
        tell: "There the guest sees a directory that went empty under it.",
      },
      { id: "source/path-missing", tell: "There the path never was a generation's." },
    ],
    repair:
      "Name the path through the link (/run/secrets/...), and restart the VM after a rotation.",
    sources: ["sops-nix and agenix: /run/secrets.d/N, /run/agenix.d/N behind a link", "agenix#145"],
  },
  requires: ["installation", "secretFiles", "secrets"],
  optional: ["unit", "runners", "history", "credentialStore"],
  causes: NOT_MADE,
  *check(knowledge) {
    const { installation, credentialStore, unit, history } = knowledge;
    for (const wanted of wantedFiles(knowledge)) {
      const pinned = PINNED.exec(wanted.path)?.groups;
      const root = installation.roots.find(({ path }) => path === pinned?.["root"]);
      const number = Number(pinned?.["number"]);
      if (root?.current === undefined || number === root.current) continue;
      yield {
        title: `${wanted.path} names generation ${number}, and ${root.current} is in force`,
        explanation: `Whoever wants it names a generation by its number. ${root.path} leads to generation ${root.current} now${isGone(root, number) ? `, and ${number} has been removed` : `, so what lies in ${number} is old`}.`,
        certainty: "proven",
        subject: { path: wanted.path, generation: number, inForce: root.current },
        evidence: nonEmpty<EvidenceRef>(
          wanted.ref,
          root.ref,
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
            title: "Name the secret through the link that follows each generation",
            kind: "advice",
            snippet: wanted.path.replace(PINNED, `${root.path}/`),
            clears: ["source/stale-generation"],
            leaves: [],
            cost: "Use that path where the numbered one stands, best as the .path option of the secret. Needs a rebuild and a restart of the VM.",
          },
        ],
      };
    }
    if (history?.running !== true) return;
    for (const { id, source, encrypted, ref } of unit?.credentials ?? []) {
      const walk = source === undefined ? undefined : knowledge.secretFiles.walks.get(source);
      const copy = credentialStore?.given.credentials.find(({ name }) => name === id);
      const [own, given] = [walk?.file?.stat, copy?.ref.stat];
      if (source === undefined || encrypted || walk === undefined || copy === undefined) continue;
      if (own?.type !== "file" || given?.type !== "file" || own.size === given.size) continue;
      yield {
        title: `The VM runs with an older ${id} than the host has`,
        explanation: `systemd gave the unit ${given.size} bytes for ${id} when it started; ${source} has ${own.size} bytes now. The copy is made once, at the start.`,
        certainty: "proven",
        subject: { path: source, credential: id, given: given.size, now: own.size },
        evidence: nonEmpty<EvidenceRef>(copy.ref, walk.ref, ref),
        scope: {
          paths: [source],
          secrets: secretNames(knowledge, [source]),
          starts: history.phases.at(-1)?.starts.map((start) => start.id) ?? [],
          inForce: true,
          phase: history.phases.at(-1)?.index ?? 1,
        },
        remedies: [
          {
            title: "Restart the VM",
            kind: "command",
            snippet: `systemctl restart ${unit?.name ?? "microvm@NAME.service"}`,
            clears: ["source/stale-generation"],
            leaves: [],
            cost: "The guest is shut down and started.",
          },
        ],
      };
    }
  },
});

const isGone = ({ generations }: SecretRoot, number: number): boolean =>
  !generations.some((generation) => generation.number === number);
