import type { Invocation } from "../../evidence/journal.ts";
import type { OtherUnits } from "../../evidence/other-units.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { serviceReads } from "../../facts/denied-reads.ts";
import type { Installation } from "../../evidence/installation.ts";
import { declaredAt } from "../../facts/installer-runs.ts";
import type { ReadingProgram } from "../../facts/reads.ts";
import { hasFailed } from "../../facts/starts.ts";
import { moment } from "../../facts/wording.ts";
import type { HostPath } from "../../vocabulary.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, scopeOf } from "../scope.ts";

export default defineRule({
  id: "source/path-missing",
  severity: "error",
  part: "cause",
  docs: {
    what: "A path that the runner names, or a directory that it shares, does not exist.",
    why: "Nothing can be read there: a typo, a renamed secret, a secret of another machine, or one that was removed.",
    proof:
      "lstat of each component says which one is missing; a `No such file` for that path in the journal. Where systemd is the reader, credentials/source-missing speaks instead.",
    ruledOut:
      "The path exists for the reader. If it appeared after the failed start, it was an ordering problem.",
    confusedWith: [
      {
        id: "source/not-yet-present",
        tell: "There the path exists now, or its installer still has to run.",
      },
      {
        id: "source/path-moved",
        tell: "There the same secret lies under another path, by a change of layout.",
      },
      {
        id: "source/not-generated",
        tell: "There the path is the literal that an evaluation without a value leaves.",
      },
      {
        id: "source/never-installed",
        tell: "There nothing at all was installed: the missing component is the root of all secrets.",
      },
      {
        id: "source/declared-elsewhere",
        tell: "There the configuration of another machine installs it.",
      },
      {
        id: "access/namespace",
        tell: "There the path exists on the host, and only the unit's own mounts lack it.",
      },
      {
        id: "credentials/source-missing",
        tell: "There systemd is the reader, and the start ends at the step CREDENTIALS.",
      },
    ],
    repair:
      "Name the path under which the secret is installed, best through the .path option of whoever installs it, and switch.",
    sources: ["path_resolution(7)"],
  },
  requires: ["history", "secretFiles", "secrets"],
  optional: ["unit", "identity", "runners", "installation", "otherUnits", "vmJournal"],
  causes: [
    { mechanism: "share-is-not-served", effects: ["hypervisor/share-not-ready"] },
    { mechanism: "helper-fails-first", effects: ["unrelated/other-unit"] },
    {
      mechanism: "failed-read-ends-the-runner",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
    {
      mechanism: "error-is-swallowed",
      effects: [
        "runner/swallowed-read-error",
        "hypervisor/empty-in-transit",
        "guest/empty-credential",
        "guest/absent-credential",
      ],
    },
  ],
  *check(knowledge) {
    const loaded = new Set((knowledge.unit?.credentials ?? []).map(({ source }) => source));
    for (const read of serviceReads(knowledge, knowledge.secrets, knowledge.vmJournal)) {
      const { walk, absences } = read;
      if (walk?.end !== "absent" || loaded.has(read.path)) continue;
      // The host makes the source of a share, or somebody does in time: that it is missing counts where a start ended over it.
      const isShare = knowledge.runners?.current?.channels.some(
        (channel) => channel.kind === "share" && channel.path === read.path,
      );
      if (isShare === true && absences.length === 0) continue;
      const stopped = walk.stopped ?? read.path;
      const failed = failedMaker(read.path, knowledge.otherUnits);
      yield {
        title: `${read.path} does not exist`,
        explanation:
          `${READERS[read.by]} wants to read ${read.path}, and ${stopped === read.path ? "there is no such file" : `already ${stopped} is missing`}.` +
          (absences.length > 0
            ? " The journal shows the failed read."
            : " This is what the next start would meet.") +
          makerOf(read.path, knowledge.installation) +
          (failed === undefined
            ? ""
            : ` ${failed.unit} is to make it, and ended with the result ${failed.result?.value ?? "failed"} at ${moment(failed.last.time)}.`),
        certainty: "proven",
        subject: { path: read.path, missing: stopped },
        evidence: nonEmpty<EvidenceRef>(
          walk.ref,
          ...absences.slice(0, 1),
          ...(failed === undefined ? [] : [failed.result?.ref ?? failed.last]),
          ...(read.script === undefined ? [] : [read.script]),
        ),
        scope: scopeOf(read, knowledge.secrets),
        remedies: [
          {
            title: "Find the path under which the secret really lies",
            kind: "command",
            snippet: `ls -l ${read.path.slice(0, read.path.lastIndexOf("/")) || "/"}`,
            clears: [],
            leaves: ["source/path-missing"],
            cost: "Lists names only. Then name that path in the configuration, best as config.sops.secrets.<name>.path, and switch.",
          },
        ],
      };
    }
  },
});

const READERS: Readonly<Record<ReadingProgram, string>> = {
  runner: "The runner",
  hypervisor: "The VMM",
  "share-server": "The server of the VM's shares",
};

/** What is known of who would put it there. */
const makerOf = (path: HostPath, installation: Installation | undefined): string => {
  if (installation === undefined) return "";
  const secret = declaredAt(installation, path);
  if (secret !== undefined)
    return ` The host declares it as ${secret.name}, for ${secret.installer} to install.`;
  return installation.declarationsRead ? " Nothing that the host declares would put it there." : "";
};

/** The newest start of a unit that makes this path, where it failed. */
const failedMaker = (path: HostPath, otherUnits: OtherUnits | undefined): Invocation | undefined =>
  (otherUnits?.units ?? [])
    .filter(({ makes }) => makes.includes(path))
    .flatMap(({ starts }) => starts.at(-1) ?? [])
    .find(hasFailed);
