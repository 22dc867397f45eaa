import type { KernelLog } from "../../evidence/kernel-log.ts";
import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import type { SandboxSetting } from "../../evidence/unit.ts";
import { serviceReads, type UserRead, type UserReadInput } from "../../facts/denied-reads.ts";
import { changeAfter, madeAfter, type TimeSources } from "../../facts/file-times.ts";
import { isMacDenied } from "../../facts/mac-denials.ts";
import type { Secret } from "../../facts/secrets.ts";
import { hasUserNamespace } from "../../facts/sandbox.ts";
import { lastValue } from "../../facts/service-settings.ts";
import { timesOf } from "../../facts/starts.ts";
import type { Certainty, VmName } from "../../vocabulary.ts";
import { programOf, systemdReadsToo, whoIs } from "../reading.ts";
import { readBySystemd } from "../read-by-systemd.ts";
import { defineRule, type Observation } from "../rule.ts";
import { openSandbox } from "../sandbox-remedies.ts";
import { nonEmpty, scopeOf } from "../scope.ts";

export default defineRule({
  id: "access/namespace",
  severity: "error",
  part: "cause",
  docs: {
    what: "The file exists and can be read on the host, and not inside the unit's mount or user namespace.",
    why: "A unit sees the file system that its settings leave it: a directory can be empty or closed there, and in a user namespace of its own even root has no rights over files of others. Nothing of that shows in a stat on the host.",
    proof:
      "The setting of the unit that covers the path, the walk of the path on the host, and the journal's `No such file` or `Permission denied` for a file that was there at that time.",
    ruledOut:
      "No setting of the unit covers the path, or a bind mount of the unit brings it back; or the modes on the host refuse the same reader already.",
    confusedWith: [
      {
        id: "source/not-yet-present",
        tell: "The words are the same (No such file). There the file was made after the failed start; here it was there before.",
      },
      {
        id: "source/path-missing",
        tell: "There the path does not exist on the host either.",
      },
      {
        id: "access/file-mode",
        tell: "There the mode on the host refuses the reader; here the host lets it in.",
      },
    ],
    repair:
      "Let systemd read the file with LoadCredential=, which happens outside of the unit's namespaces; or bind the path into the unit; or take back the setting that covers it.",
    upstream: [
      {
        project: "systemd",
        note: "A bind mount below a TemporaryFileSystem= or ProtectHome=tmpfs makes a path visible again; below InaccessiblePaths= or ProtectHome=yes it is dropped. Measured on systemd 252.",
      },
    ],
    sources: [
      "systemd.exec(5), SANDBOXING",
      "user_namespaces(7), capabilities over files of unmapped ids",
    ],
  },
  requires: ["vm", "history", "secretFiles", "secrets"],
  optional: ["unit", "identity", "runners", "vmJournal", "hostJournal", "kernelLog"],
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
      const cover = coverOf(read, knowledge);
      if (cover !== undefined && !hasArrived(read, knowledge.secrets))
        yield observed(read, cover, knowledge);
    }
  },
});

type Check = UserReadInput &
  TimeSources & {
    readonly vm: VmName;
    readonly secrets: readonly Secret[];
    readonly kernelLog?: KernelLog;
  };

/** What of the unit stands between the reader and the file. */
interface Cover {
  readonly setting: SandboxSetting;
  readonly effect: string;
  readonly lines: readonly JournalRef[];
  readonly certainty: Certainty;
}

const coverOf = (read: UserRead, sources: Check): Cover | undefined => {
  const { access, walk, modes } = read;
  if (walk?.end !== "present") return undefined;
  const there = (lines: readonly JournalRef[]): readonly JournalRef[] =>
    lines.filter(({ time }) => !madeAfter(walk, time, sources));
  switch (access.status) {
    case "hidden": {
      const lines = there(access.error === "EACCES" ? read.denials : read.absences);
      // What failed in another way, or before the file was made, has another cause.
      if (lines.length === 0 && read.starts.length > 0) return undefined;
      const { setting } = access;
      const certainty = lines.length > 0 && read.inForce ? "proven" : "strong";
      return {
        setting,
        effect: `${covers(setting, access.at)}, so ${ERRORS[access.error]}`,
        lines,
        certainty,
      };
    }
    case "unclear": {
      const lines = there([...read.absences, ...read.denials]);
      const { setting, why } = access;
      return lines.length === 0 || modes.status === "denied"
        ? undefined
        : { setting, effect: why, lines, certainty: "strong" };
    }
    case "denied":
      return modes.status === "allowed" ? inUserNamespace(read, "strong") : undefined;
    case "allowed":
      return isUnexplained(read, sources) ? inUserNamespace(read, "weak") : undefined;
    case "unknown":
      return undefined;
  }
};

const ERRORS = {
  ENOENT: "the open ends with No such file",
  EACCES: "the open ends with Permission denied",
  empty: "the open succeeds and gives an empty file",
} as const;

const covers = ({ key, value }: SandboxSetting, at: string): string =>
  `${key}=${value} leaves nothing of the host at ${at}`;

/** The refusal in the newest start is of now, and neither the modes nor a later change of the file explain it. */
const isUnexplained = (read: UserRead, sources: Check): boolean => {
  const { inForce, denials, starts, phase, walk } = read;
  const last = denials.at(-1);
  const newest = phase?.starts.at(-1);
  return (
    inForce &&
    last !== undefined &&
    walk !== undefined &&
    newest !== undefined &&
    starts.includes(newest.id) &&
    changeAfter(walk, last.time, sources).status !== "changed" &&
    !isMacDenied(read, sources.kernelLog)
  );
};

const inUserNamespace = (read: UserRead, certainty: Certainty): Cover | undefined => {
  const { service, denials, access } = read;
  const setting = service === undefined ? undefined : lastValue(service, "PrivateUsers");
  if (setting === undefined || !hasUserNamespace(read)) return undefined;
  const owner =
    access.status === "denied"
      ? `; ${access.at.path} belongs to ${access.at.stat.uid}:${access.at.stat.gid}, whom it does not know`
      : "";
  return {
    setting,
    effect: `PrivateUsers=${setting.value} gives the unit a user namespace that knows root and the unit's own user and group alone${owner}`,
    lines: denials,
    certainty: certainty === "strong" && denials.length > 0 ? "proven" : certainty,
  };
};

/** The guest has the secret in this very phase: whatever the settings say, it came through. */
const hasArrived = ({ path, phase }: UserRead, secrets: readonly Secret[]): boolean => {
  const here = new Set((phase?.starts ?? []).map(({ id }) => id));
  return secrets.some(
    ({ paths, reports }) =>
      paths.includes(path) && reports.some(({ start, bytes }) => bytes > 0 && here.has(start)),
  );
};

const observed = (read: UserRead, cover: Cover, knowledge: Check): Observation => {
  const { setting, effect, lines, certainty } = cover;
  const { reader, walk, service } = read;
  const context = {
    vm: knowledge.vm,
    unit: knowledge.unit,
    runner: knowledge.runners?.current,
    secrets: knowledge.secrets,
  };
  const unit = service?.name ?? `microvm@${knowledge.vm}.service`;
  return {
    title: `${unit} cannot see ${read.path} as the host does`,
    explanation:
      `${programOf(read)} opens ${read.path}${reader === undefined ? "" : ` as ${whoIs(reader)}`}. The file is there on the host` +
      `${read.modes.status === "allowed" ? ", and its modes let that user in" : ""}, but inside of ${unit} ${effect}.` +
      (lines.length > 0
        ? ` The journal shows it ${timesOf(lines) === 1 ? "once" : `${timesOf(lines)} times`}.`
        : " This is what the next start would meet.") +
      (certainty === "weak"
        ? " Nothing else that was looked at explains the refusal; a look from inside of the unit decides."
        : "") +
      systemdReadsToo(read, knowledge.unit),
    certainty,
    subject: {
      path: read.path,
      setting: setting.key,
      value: setting.value,
      unit,
    },
    evidence: nonEmpty<EvidenceRef>(
      setting.ref,
      ...(walk === undefined ? [] : [walk.ref]),
      ...lines.slice(0, 1),
      ...(read.script === undefined ? [] : [read.script]),
    ),
    scope: scopeOf(read, knowledge.secrets),
    remedies: [readBySystemd(context), openSandbox(unit, setting, read.path)],
  };
};
