import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Secret } from "../../facts/secrets.ts";
import { octal } from "../../facts/wording.ts";
import type { VmName } from "../../vocabulary.ts";
import { serviceReads, type UserRead, type UserReadInput } from "../../facts/denied-reads.ts";
import { timesOf } from "../../facts/starts.ts";
import { ownership, programOf, systemdReadsToo, timesRefused, whoIs } from "../reading.ts";
import { readBySystemd } from "../read-by-systemd.ts";
import { ownedByReader } from "../remedies.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty, scopeOf } from "../scope.ts";

export default defineRule({
  id: "access/file-mode",
  severity: "error",
  part: "cause",
  docs: {
    what: "The identity that reads the secret lacks `r` on the file itself.",
    why: "sops-nix, agenix and clan install secrets as root:root 0400. A runner works as `microvm`, so its own `cat` is refused, and under `set -e` the start ends there.",
    proof:
      "The mode, owner and ACL of the file, against the unit's User=, Group= and groups; a `Permission denied` for that path in the journal. Every directory on the way lets the reader pass, which rules out access/parent-directory.",
    ruledOut:
      "The reader owns the file and may read it as owner, or its group, an ACL entry or the others' bits let it in; or the reader is root. Then a refusal has another cause.",
    confusedWith: [
      {
        id: "access/parent-directory",
        tell: "The words of the refusal are the same. There a directory of the resolved path refuses; here every directory lets the reader pass.",
      },
      {
        id: "access/namespace",
        tell: "There the modes on the host allow the read, and the unit's own mounts hide or change the file.",
      },
      {
        id: "access/mac-denied",
        tell: "There the modes allow the read, and the kernel's audit lines name SELinux or AppArmor.",
      },
      {
        id: "access/fixed-not-restarted",
        tell: "There the file can be read as it is now, and the refusal is from before its change.",
      },
      {
        id: "unrelated/volume",
        tell: "There the refused path is a disk image or block device of the VM, not a secret.",
      },
    ],
    repair:
      "Let systemd read the file as root with LoadCredential= and have the runner take it from $CREDENTIALS_DIRECTORY; or give the file to the user that reads it.",
    upstream: [
      {
        project: "sops-nix",
        note: "Secrets are root:root 0400 unless the configuration says otherwise; generation directories are 0751, so the file's own mode decides. Read at 56b2406.",
      },
      {
        project: "agenix",
        note: "Secrets are 0400 of 0:0 unless the configuration says otherwise. Read at b027ee2.",
      },
    ],
    sources: ["path_resolution(7)", "acl(5)", "systemd.exec(5), User="],
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
    for (const read of serviceReads(knowledge, knowledge.secrets, knowledge.vmJournal)) {
      const observation = observe(read, knowledge);
      if (observation !== undefined) yield observation;
    }
  },
});

type Check = UserReadInput & {
  readonly vm: VmName;
  readonly secrets: readonly Secret[];
};

const observe = (read: UserRead, knowledge: Check): Observation | undefined => {
  const { access, modes, walk, reader, denials } = read;
  if (access.status === "unknown" && denials.length > 0) return unseen(read, knowledge);
  if (
    modes.status !== "denied" ||
    modes.need !== "read" ||
    walk === undefined ||
    reader === undefined
  )
    return undefined;
  const { at } = modes;
  const context = {
    vm: knowledge.vm,
    unit: knowledge.unit,
    runner: knowledge.runners?.current,
    secrets: knowledge.secrets,
  };
  const what = at.stat.type === "directory" ? "directory" : "file";
  return {
    title: `${reader.name} may not read ${read.path}`,
    explanation:
      `${programOf(read)} opens ${read.path} as ${whoIs(reader)}. The ${what} is ${ownership(at)}` +
      `${at.acl === undefined ? ", without an ACL that would let others in" : ", and its ACL does not let that user in"}; ` +
      `every directory on the way can be passed, so the ${what}'s own mode decides.` +
      timesRefused(timesOf(denials)) +
      systemdReadsToo(read, knowledge.unit),
    certainty: knowledge.secretFiles.aclsRead && denials.length > 0 ? "proven" : "strong",
    subject: {
      path: read.path,
      reader: reader.name,
      mode: octal(at.stat.mode),
      uid: at.stat.uid,
      gid: at.stat.gid,
    },
    evidence: nonEmpty<EvidenceRef>(
      walk.ref,
      ...denials.slice(0, 1),
      ...denials.slice(-1),
      ...(read.script === undefined ? [] : [read.script]),
    ),
    scope: scopeOf(read, knowledge.secrets),
    remedies: [readBySystemd(context), ownedByReader(context, read.path)],
    misleading: [
      {
        title: "An ExecStart= override alone",
        why: `Without LoadCredential= the new command still runs as ${reader.name} and is refused in the same way.`,
      },
    ],
  };
};

/**
 * The journal shows a refusal, but the file cannot be looked at: which component refuses is open. Where there is a host to look at, it is
 * not blamed for that; where only a journal is given, nothing more can be said.
 */
const unseen = (read: UserRead, knowledge: Check): Observation | undefined => {
  const [first] = read.denials;
  const { access, walk } = read;
  if (first === undefined || access.status !== "unknown") return undefined;
  const isJournalOnly =
    walk === undefined || walk.components.length === 0 || walk.notKept === "path";
  return {
    title: `Reading ${read.path} was refused`,
    explanation: `The journal shows Permission denied for ${read.path}, and ${access.why}: whether the file's own mode or a directory refuses is not known.`,
    certainty: "weak",
    ...(isJournalOnly ? {} : { severity: "warning" }),
    subject: { path: read.path },
    evidence: [first, ...(walk === undefined ? [] : [walk.ref])],
    scope: scopeOf(read, knowledge.secrets),
    remedies: [
      readBySystemd({
        vm: knowledge.vm,
        unit: knowledge.unit,
        runner: knowledge.runners?.current,
        secrets: knowledge.secrets,
      }),
    ],
  };
};
