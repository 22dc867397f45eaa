import type { EvidenceRef } from "../../evidence/reference.ts";
import type { HostIdentity } from "../../evidence/host-identity.ts";
import type { PathComponent } from "../../evidence/secret-files.ts";
import type { VmUnit } from "../../evidence/unit.ts";
import type { Reader } from "../../facts/access.ts";
import { serviceReads, type UserRead } from "../../facts/denied-reads.ts";
import { listed, octal } from "../../facts/wording.ts";
import { timesOf } from "../../facts/starts.ts";
import { ownership, programOf, systemdReadsToo, timesRefused, whoIs } from "../reading.ts";
import { readBySystemd } from "../read-by-systemd.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty, scopeOf, secretNames } from "../scope.ts";

export default defineRule({
  id: "access/parent-directory",
  severity: "error",
  part: "cause",
  docs: {
    what: "The identity that reads the secret lacks `x` on a directory of the resolved path.",
    why: "A file can only be opened by somebody who may pass every directory on the way, on both sides of each symlink. The file's own mode may look fine.",
    proof:
      "The stat of each component of the resolved path, against the reader; the first one without `x` is named.",
    ruledOut:
      "Every directory of the resolved path, on both sides of each symlink, gives the reader `x` by its owner, group, ACL or others' bits.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "The words of the refusal are the same, and the path in them is the file's. Only the stat of each component tells which one refused.",
      },
      {
        id: "access/namespace",
        tell: "There the walk on the host succeeds, and the path ends inside the unit's own mounts.",
      },
      {
        id: "source/path-missing",
        tell: "There a component is missing (No such file); here it is there and cannot be passed.",
      },
    ],
    repair:
      "Let systemd read the file as root with LoadCredential=, or give the directory back the mode that its maker intends (0751 for generations of secrets). A chmod by hand in a generation is gone with the next one.",
    upstream: [
      {
        project: "agenix",
        until: "5ff75b4 (2021-11-20)",
        note: "Before, the mount point and the generations were 0750 root:keys, and only the group keys could pass; since then they are 0751.",
      },
      {
        project: "sops-nix",
        note: "The mount point, the generations and their directories are 0751 root:keys. A tighter generation was changed by something else on the host. Read at 56b2406.",
      },
    ],
    sources: ["path_resolution(7)", "acl(5)"],
  },
  requires: ["vm", "history", "secretFiles", "secrets"],
  optional: ["unit", "identity", "runners", "vmJournal"],
  causes: [
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
      ],
    },
  ],
  *check(knowledge) {
    const { secrets, secretFiles, vmJournal, unit } = knowledge;
    const context = { vm: knowledge.vm, unit, runner: knowledge.runners?.current, secrets };
    for (const { at, need, reader, reads } of refusals(
      serviceReads(knowledge, secrets, vmJournal),
    )) {
      const [first] = reads;
      const paths = reads.map(({ path }) => path);
      const denials = reads.flatMap((read) => read.denials);
      yield {
        title: `${reader.name} may not pass ${at.path} on the way to ${listed(paths)}`,
        explanation:
          `${programOf(first)} opens ${listed(paths)} as ${whoIs(reader)}. ` +
          (need === "follow"
            ? `${at.path} is a symlink of ${at.stat.uid}:${at.stat.gid} in a sticky directory that everybody may write to, and the kernel follows it only for its owner (fs.protected_symlinks).`
            : `The directory ${at.path} is ${ownership(at)}, so that user cannot pass it, whatever the file's own mode says.`) +
          timesRefused(timesOf(denials)) +
          systemdReadsToo(first, unit),
        certainty: secretFiles.aclsRead && denials.length > 0 ? "proven" : "strong",
        subject: {
          path: at.path,
          secret: listed(paths),
          reader: reader.name,
          mode: octal(at.stat.mode),
          uid: at.stat.uid,
          gid: at.stat.gid,
        },
        evidence: nonEmpty<EvidenceRef>(
          { kind: "file", path: at.path, stat: at.stat },
          ...denials.slice(0, 1),
          ...reads.flatMap(({ script }) => script ?? []),
        ),
        scope: {
          ...scopeOf(first, secrets),
          starts: [...new Set(reads.flatMap(({ starts }) => starts))],
          secrets: secretNames({ secrets }, paths),
          paths,
        },
        remedies: [readBySystemd(context), ...groupThatMay(at, knowledge.identity, context)],
      };
    }
  },
});

/** Where the directory's group may pass it, being in that group is enough. */
const groupThatMay = (
  { path, stat }: PathComponent,
  identity: HostIdentity | undefined,
  { vm, unit }: { readonly vm: string; readonly unit: VmUnit | undefined },
): readonly Remedy[] => {
  const group = [...(identity?.groups.values() ?? [])].find(({ gid }) => gid === stat.gid);
  const mayPass = stat.type === "directory" && (stat.mode & 0o010) !== 0;
  if (!mayPass || group === undefined || group.gid === 0) return [];
  return [
    {
      title: `Put the unit into the group ${group.name}`,
      kind: "nix",
      snippet: `{
  systemd.services."microvm@${vm}".serviceConfig.SupplementaryGroups = [ "${group.name}" ];
}
`,
      clears: ["access/parent-directory"],
      leaves: ["access/file-mode"],
      repairs: [{ kind: "directory-passable", path }],
      cost: `The VMM of ${unit?.name ?? vm} may then pass every directory of the group ${group.name}, and read what is readable for it.`,
    },
  ];
};

interface Refusal {
  readonly at: PathComponent;
  readonly need: "traverse" | "follow";
  readonly reader: Reader;
  readonly reads: [UserRead, ...UserRead[]];
}

/** One directory that stands before several secrets is one fault. */
const refusals = (reads: readonly UserRead[]): readonly Refusal[] => {
  const found: Refusal[] = [];
  for (const read of reads) {
    const { modes, reader } = read;
    if (modes.status !== "denied" || modes.need === "read" || reader === undefined) continue;
    const same = found.find(
      (one) =>
        one.at.path === modes.at.path &&
        one.reader.uid === reader.uid &&
        one.reads[0].phase === read.phase &&
        one.reads[0].by === read.by,
    );
    if (same === undefined) found.push({ at: modes.at, need: modes.need, reader, reads: [read] });
    else same.reads.push(read);
  }
  return found;
};
