import type { EvidenceRef } from "../../evidence/reference.ts";
import { userReads } from "../../facts/denied-reads.ts";
import { octal } from "../../facts/wording.ts";
import { loadCredential } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, scopeOf } from "../scope.ts";

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
  optional: ["unit", "identity", "runners"],
  causes: [
    {
      mechanism: "failed-read-ends-the-runner",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
    { mechanism: "error-is-swallowed", effects: ["guest/empty-credential"] },
  ],
  *check(knowledge) {
    const context = {
      vm: knowledge.vm,
      unit: knowledge.unit,
      runner: knowledge.runners?.current,
      secrets: knowledge.secrets,
    };
    for (const read of userReads(knowledge)) {
      const { access, reader, denials } = read;
      if (access.status !== "denied" || access.need !== "traverse" || reader === undefined)
        continue;
      const { path, stat } = access.at;
      yield {
        title: `${reader.name} may not pass ${path} on the way to ${read.path}`,
        explanation:
          `${read.by === "hypervisor" ? "The VMM" : "The runner"} opens ${read.path} as ${reader.name} (uid ${reader.uid}). ` +
          `The directory ${path} is ${octal(stat.mode)} and belongs to ${stat.uid}:${stat.gid}, so that user cannot pass it, whatever the file's own mode says.` +
          (denials.length > 0
            ? ` The journal shows the refusal ${denials.length === 1 ? "once" : `${denials.length} times`}.`
            : " No start has tried it yet."),
        certainty: knowledge.secretFiles.aclsRead && denials.length > 0 ? "proven" : "strong",
        subject: {
          path,
          secret: read.path,
          reader: reader.name,
          mode: octal(stat.mode),
          uid: stat.uid,
          gid: stat.gid,
        },
        evidence: nonEmpty<EvidenceRef>(
          { kind: "file", path, stat },
          ...denials.slice(0, 1),
          ...(read.script === undefined ? [] : [read.script]),
        ),
        scope: scopeOf(read, knowledge.secrets),
        remedies: [loadCredential(context)],
      };
    }
  },
});
