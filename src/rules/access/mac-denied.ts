import type { Invocation } from "../../evidence/journal.ts";
import type { MacDenial } from "../../evidence/kernel-log.ts";
import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import type { PathWalk } from "../../evidence/secret-files.ts";
import { serviceReads, type UserReadInput } from "../../facts/denied-reads.ts";
import type { Phase } from "../../facts/history.ts";
import { macDenialsOf, pidsOf } from "../../facts/mac-denials.ts";
import type { Secret } from "../../facts/secrets.ts";
import type { HostPath, VmName } from "../../vocabulary.ts";
import { defineRule, type Scope } from "../rule.ts";
import { nonEmpty, scopeOf, secretNames } from "../scope.ts";

export default defineRule({
  id: "access/mac-denied",
  severity: "error",
  part: "cause",
  docs: {
    what: "Modes allow the read, and SELinux or AppArmor denied it.",
    why: "A security module is asked after the modes and can only take away. The program is told Permission denied, the same word as for a mode, and every stat looks fine.",
    proof:
      "A denial of the module in the kernel's or the audit log, for the path or its last name, by a process of the unit or at the moment of the refusal that the program reported; and modes that allow the read.",
    ruledOut:
      "The module was permissive or complaining, the denial is of another path or another process, or the modes refuse already.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "There a mode or access list of the file refuses, and the audit log has no denial for it.",
      },
      {
        id: "access/namespace",
        tell: "There a setting of the unit covers the path, and the audit log has no denial for it.",
      },
    ],
    repair:
      "Allow the access in the policy or profile of the program, or hand the secret over by LoadCredential=, so that the program opens only its credentials directory.",
    sources: ["avc(3)", "apparmor(7)", "systemd.exec(5), LoadCredential="],
  },
  requires: ["vm", "history", "secretFiles", "secrets", "kernelLog"],
  optional: ["unit", "identity", "runners"],
  causes: [
    {
      mechanism: "failed-read-ends-the-runner",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
    {
      mechanism: "failed-setup-ends-the-start",
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
    const { vm, kernelLog, secrets } = knowledge;
    for (const { walk, who, path, refusals, starts, scope } of attempts(knowledge)) {
      const times = refusals.map(({ time }) => time);
      const denials = macDenialsOf({ walk, times, pids: pidsOf(starts) }, kernelLog);
      const [first] = denials;
      if (first === undefined) continue;
      yield {
        title: `${NAMES[first.module]} denied ${who} the read of ${path}`,
        explanation:
          `The modes and access lists on the way to ${path} let ${who} in. ${NAMES[first.module]} denied ${first.operation ?? "the access"}` +
          `${first.program === undefined ? "" : ` to ${first.program}`}${first.label === undefined ? "" : ` (${labelOf(first)})`}, ${denials.length === 1 ? "once" : `${denials.length} times`}. ` +
          (refusals.length > 0
            ? "The journal shows the failed read at the same time."
            : "The module alone says so."),
        certainty: refusals.length > 0 ? "proven" : "strong",
        subject: {
          path,
          module: first.module,
          ...(first.operation === undefined ? {} : { operation: first.operation }),
          ...(first.label === undefined ? {} : { label: first.label }),
        },
        evidence: nonEmpty<EvidenceRef>(first.ref, ...refusals.slice(0, 1), walk.ref),
        scope: { ...scope, secrets: secretNames({ secrets }, [path]), paths: [path] },
        remedies: [
          {
            title: "See what the module denies, and allow it for this program alone",
            kind: "command",
            snippet:
              first.module === "selinux"
                ? `ausearch -m AVC -ts recent; ls -lZ ${path}; journalctl -t audit -u microvm@${vm}.service`
                : `journalctl -k --grep 'apparmor="DENIED"'; aa-status`,
            clears: [],
            leaves: ["access/mac-denied"],
            cost: "Lists only. The rule for the policy or profile is written by hand.",
          },
        ],
        misleading: [
          {
            title: "chmod or chown of the file",
            why: "The modes let the reader in already; the module refuses whatever they say.",
          },
        ],
      };
    }
  },
});

const NAMES = { selinux: "SELinux", apparmor: "AppArmor" } as const;

const labelOf = ({ module, label }: MacDenial): string =>
  `${module === "selinux" ? "target context" : "profile"} ${label ?? ""}`;

type Check = UserReadInput & { readonly vm: VmName; readonly secrets: readonly Secret[] };

/** A read that the modes allow, by whom, and with what the journal shows of it. */
interface Attempt {
  readonly path: HostPath;
  readonly walk: PathWalk;
  readonly who: string;
  readonly refusals: readonly JournalRef[];
  readonly starts: readonly Invocation[];
  readonly scope: Scope;
}

const attempts = (knowledge: Check): readonly Attempt[] => [
  ...serviceReads(knowledge, knowledge.secrets).flatMap((read): readonly Attempt[] => {
    const { walk, reader, access, phase } = read;
    if (walk === undefined || access.status !== "allowed") return [];
    return [
      {
        path: read.path,
        walk,
        who: reader?.name ?? "the unit's user",
        refusals: read.denials,
        starts: phase?.starts ?? [],
        scope: scopeOf(read, knowledge.secrets),
      },
    ];
  }),
  ...credentialLoads(knowledge),
];

/** systemd's own read for LoadCredential= is no read of the unit's user, and shows as a failed step. */
const credentialLoads = ({ unit, history, secretFiles }: Check): readonly Attempt[] => {
  const phase = history.phases.findLast(({ starts }) => starts.length > 0);
  return (unit?.credentials ?? []).flatMap(({ source }): readonly Attempt[] => {
    const walk = source === undefined ? undefined : secretFiles.walks.get(source);
    const refusals = stepsIn(phase);
    if (source === undefined || walk?.end !== "present" || refusals.length === 0) return [];
    const starts = (phase?.starts ?? []).filter(({ spawnFailures }) => spawnFailures.length > 0);
    return [
      {
        path: source,
        walk,
        who: "systemd",
        refusals,
        starts,
        scope: {
          inForce: true,
          starts: starts.map(({ id }) => id),
          ...(phase === undefined ? {} : { phase: phase.index }),
        },
      },
    ];
  });
};

const stepsIn = (phase: Phase | undefined): readonly JournalRef[] =>
  (phase?.starts ?? []).flatMap(({ spawnFailures }) =>
    spawnFailures.filter(({ step }) => step === "CREDENTIALS").map(({ ref }) => ref),
  );
