import type { EvidenceRef } from "../../evidence/reference.ts";
import { userReads, type UserRead } from "../../facts/denied-reads.ts";
import { isSecretPlace } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { readBySystemd } from "../read-by-systemd.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

export default defineRule({
  id: "runner/reads-secret-directly",
  severity: "warning",
  part: "circumstance",
  docs: {
    what: "The runner reads a host path as the unit's user in place of `$CREDENTIALS_DIRECTORY`.",
    why: "Secrets are root's by default. systemd reads as root and hands over a copy that the unit's user may read; a script that goes past it needs a file that every VM of the host could read.",
    proof: "The line of the script, or the refusal under the unit's own identifier in the journal.",
    ruledOut:
      "The unit works as root, or the paths that the script reads lie in the unit's credentials directory.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "That is the refusal itself. Here the file may even be readable, because somebody opened it up for the script.",
      },
      {
        id: "credentials/configured-unused",
        tell: "There systemd hands the secret over and the runner does not take it; both can be true at once.",
      },
    ],
    repair:
      'Declare LoadCredential= for the unit and read "$CREDENTIALS_DIRECTORY/ID" in the script in place of the host\'s path.',
    upstream: [
      {
        project: "microvm.nix",
        note: "microvm@ has User=microvm and Group=kvm, for every VM of the host. Read at b9206e2 (2025-09-17) and 71beea0 (2026-08-09).",
      },
    ],
    sources: [
      "systemd.exec(5), LoadCredential=",
      "microvm.nix: User=microvm in nixos-modules/host/default.nix",
    ],
  },
  requires: ["vm", "history", "secretFiles", "secrets"],
  optional: ["unit", "identity", "runners", "store"],
  *check(knowledge) {
    const { vm, unit, secrets, store, runners } = knowledge;
    const reads = userReads(knowledge).filter(
      ({ path, by, reader }) => by === "runner" && isSecretPlace(path) && reader?.uid !== 0,
    );
    for (const index of new Set(reads.map(({ phase }) => phase?.index))) {
      const here = reads.filter(({ phase }) => phase?.index === index);
      const [first] = here;
      if (first === undefined) continue;
      const paths = [...new Set(here.map(({ path }) => path))];
      const lines = here.flatMap(({ script }) => script ?? []);
      const fitting = (store?.runners ?? [])
        .flatMap(({ runner }) => runner.reads)
        .find(({ path }) => paths.includes(path));
      const [seen] = [
        ...lines,
        ...(fitting === undefined ? [] : [fitting.ref]),
        ...here.flatMap(({ denials, absences }) => [...denials, ...absences]),
      ];
      if (seen === undefined) continue;
      yield {
        title: `The runner reads ${listed(paths)} itself, as ${first.reader?.name ?? "the unit's user"}`,
        explanation:
          `The script opens the host's file as the user of the unit. $CREDENTIALS_DIRECTORY is the way that needs no right on the file: ` +
          `systemd reads it as root and hands the unit a copy.`,
        certainty: lines.length > 0 ? "proven" : "strong",
        ...(here.every(succeeds) ? { severity: "info" as const } : {}),
        subject: { path: paths[0] ?? "", vm },
        evidence: nonEmpty<EvidenceRef>(
          seen,
          ...here.flatMap(({ denials }) => denials.slice(0, 1)),
          ...(unit?.user === undefined ? [] : [unit.user.ref]),
        ),
        scope: {
          secrets: secretNames({ secrets }, paths),
          paths,
          starts: here.flatMap(({ starts }) => starts),
          inForce: here.some(({ inForce }) => inForce),
          ...(index === undefined ? {} : { phase: index }),
        },
        ...(here.some(({ inForce }) => inForce)
          ? { remedies: [readBySystemd({ vm, unit, runner: runners?.current, secrets })] }
          : {}),
      };
    }
  },
});

/** A read that is allowed and was never seen to fail is a way like any other. */
const succeeds = ({ access, denials, absences }: UserRead): boolean =>
  access.status === "allowed" && denials.length === 0 && absences.length === 0;
