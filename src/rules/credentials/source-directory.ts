import type { EvidenceRef } from "../../evidence/reference.ts";
import { credentialsUsed } from "../../facts/handover.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

export default defineRule({
  id: "credentials/source-directory",
  severity: "error",
  part: "cause",
  docs: {
    what: "`LoadCredential=` names a directory, and the runner takes the credential under the id alone.",
    why: "systemd loads each file of a directory as ID_FILE and makes nothing that is called ID. The start goes through, with an empty directory too, and the reader finds nothing.",
    proof:
      "lstat of the source, which is a directory, beside the line of the runner that takes the bare id.",
    ruledOut:
      "The source is a file, or the runner takes ID_FILE or whatever lies in the credentials directory.",
    confusedWith: [
      {
        id: "credentials/silently-skipped",
        tell: "There the setting names no path, and nobody provides the id.",
      },
      {
        id: "credentials/source-missing",
        tell: "There the path does not exist, and systemd refuses the start.",
      },
    ],
    repair: "Name the file in the directory, or let the runner take ID_FILE.",
    upstream: [
      {
        project: "systemd",
        note: "A directory succeeds and gives ID_FILE on 252, 257 and 262; an empty one succeeds and gives nothing.",
      },
    ],
    sources: ["systemd.exec(5), LoadCredential=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["unit", "secretFiles", "runners", "secrets"],
  optional: ["history"],
  causes: [
    {
      mechanism: "secret-is-not-made",
      effects: [
        "guest/empty-credential",
        "guest/absent-credential",
        "runner/swallowed-read-error",
        "hypervisor/empty-in-transit",
        "lifecycle/crash-loop",
        "lifecycle/never-started",
        "lifecycle/start-limit",
      ],
    },
  ],
  *check({ unit, secretFiles, runners, secrets, history }) {
    const runner = runners.current;
    const use = runner?.credentialsDirectory;
    if (runner === undefined || use === undefined) return;
    const used = credentialsUsed(runner);
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    for (const { id, source, ref } of unit.credentials) {
      const walk = source === undefined ? undefined : secretFiles.walks.get(source);
      if (source === undefined || walk?.file?.stat.type !== "directory") continue;
      if (used === "all" || !used.includes(id)) continue;
      yield {
        title: `systemd loads the directory ${source}, and the runner looks for ${id}`,
        explanation: `${source} is a directory: systemd loads each of its files as ${id}_FILE, and nothing is called ${id}. ${runner.script} takes ${id} from $CREDENTIALS_DIRECTORY and finds nothing there.`,
        certainty: "proven",
        subject: { credential: id, path: source },
        evidence: nonEmpty<EvidenceRef>(ref, walk.ref, use.ref),
        scope: {
          secrets: [
            ...new Set([
              ...secretNames({ secrets }, [source]),
              ...secrets
                .filter(({ credentialIds }) => credentialIds.includes(id))
                .map(({ name }) => name),
            ]),
          ],
          paths: [source],
          starts: phase?.starts.map((start) => start.id) ?? [],
          inForce: true,
          ...(phase === undefined ? {} : { phase: phase.index }),
        },
      };
    }
  },
});
