import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceList, EvidenceRef, FileRef, JournalRef } from "../../evidence/reference.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import { collectionBefore } from "../../facts/collections.ts";
import type { Knowledge } from "../../facts/facts.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { beforeGuest, troubleIn, type Sign } from "../../facts/vmm-troubles.ts";
import { moment } from "../../facts/wording.ts";
import { hostPath } from "../../vocabulary.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/missing",
  severity: "error",
  part: "cause",
  docs: {
    what: "`current` is absent, dangling or looped, or holds no `bin/microvm-run`; or something of the store that the runner names is gone.",
    why: "The unit has ConditionPathExists=.../current/bin/microvm-run: without it the start is skipped, nothing fails, nothing is red.",
    proof: "The chain of links, hop by hop, with the first that leads to nothing.",
    ruledOut: "`current` leads through existing links to a directory that holds bin/microvm-run.",
    confusedWith: [
      {
        id: "runner/stale-current",
        tell: "There a runner is there and starts, only not the newest one.",
      },
      {
        id: "unrelated/state-directory",
        tell: "There the state directory itself is at fault: its owner, its mode or its file system.",
      },
      {
        id: "runner/orphan-vm",
        tell: "There the configuration no longer has the VM, so nothing would install a runner again.",
      },
    ],
    repair:
      "Let the installer of the VM write `current` again (a switch, install-microvm-VM, or `microvm -u`), then start the VM. A root for the garbage collector keeps it from happening again.",
    upstream: [
      {
        project: "microvm.nix",
        note: "VMs of `config=` and `flake=` have no root of their own for the garbage collector: only the system's generations keep their runners. Those of `microvm -c` have one. Read at 71beea0.",
      },
    ],
    sources: [
      "microvm.nix nixos-modules/host/default.nix:274-318 at 71beea0",
      "systemd.unit(5), ConditionPathExists=",
    ],
  },
  requires: ["state"],
  optional: [
    "runners",
    "generations",
    "history",
    "vmJournal",
    "hostJournal",
    "secretFiles",
    "runnerNeeds",
  ],
  causes: [
    {
      mechanism: "nothing-to-run",
      effects: [
        "lifecycle/condition-skipped",
        "lifecycle/never-started",
        "lifecycle/crash-loop",
        "lifecycle/start-limit",
      ],
    },
  ],
  *check(knowledge) {
    const { state, runners, generations, history, vmJournal, hostJournal } = knowledge;
    yield* goneFromStore(knowledge);
    const problem = problemOf(state, runners?.current !== undefined);
    if (problem === undefined) return;
    const collection =
      state.links.current?.end === "dangling" ? collectionBefore(hostJournal) : undefined;
    const newest = generations?.list.find(({ number }) => number === generations.newest);
    const phase = history?.phases.at(-1)?.index;
    const name = state.path.slice(state.path.lastIndexOf("/") + 1);
    yield {
      title: `There is no runner to start: ${problem.title}`,
      explanation:
        `${problem.explanation} The unit's condition asks for current/bin/microvm-run, so a start is skipped without an error.` +
        (newest?.runner === undefined
          ? ""
          : ` Generation ${newest.number} would install ${newest.runner}.`) +
        collectedAt(collection),
      certainty: "proven",
      subject: { path: `${state.path}/current` },
      evidence: nonEmpty<EvidenceRef>(
        problem.evidence[0],
        ...problem.evidence.slice(1),
        ...(collection === undefined ? [] : [collection]),
      ),
      scope: {
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
        starts:
          vmJournal?.invocations
            .filter(({ exits }) => exits.some(({ status }) => status === 203))
            .map(({ id }) => id) ?? [],
      },
      remedies: [
        {
          title:
            newest?.runner === undefined
              ? "Declare the VM again and switch"
              : "Let the host install the runner again",
          kind: "command",
          snippet:
            newest?.runner === undefined
              ? "nixos-rebuild switch"
              : `systemctl start install-microvm-${name}.service`,
          clears: ["runner/missing", "lifecycle/condition-skipped"],
          leaves: [],
          cost: "Writes current again; start the VM afterwards.",
        },
      ],
    };
  },
});

const collectedAt = (collection: JournalRef | undefined): string =>
  collection === undefined
    ? ""
    : ` The journal shows a garbage collection at ${moment(collection.time)}, which takes what no root keeps.`;

type Known = Pick<Knowledge, "state"> &
  Partial<Pick<Knowledge, "history" | "hostJournal" | "runnerNeeds" | "secretFiles">>;

/** The runner is there, and starts fail over something of the store that it names and that is gone: an image, the VMM, its interpreter. */
function* goneFromStore({
  state,
  history,
  hostJournal,
  secretFiles,
  runnerNeeds,
}: Known): Iterable<Observation> {
  const interpreter = runnerNeeds?.interpreter;
  const gone = new Map<string, FileRef>(
    [...(secretFiles?.walks.values() ?? [])]
      .filter(({ end, path }) => end === "absent" && path.startsWith("/nix/store/"))
      .map(({ path, ref }) => [path, ref]),
  );
  const signs = (start: Invocation): readonly Sign[] => [
    ...beforeGuest(start, meaningsIn(start, "no-such-file"))
      .filter(({ meaning }) => gone.has(meaning.path))
      .map(({ ref, meaning }) => ({ ref, meaning: { object: meaning.path } })),
    ...(interpreter?.absent === true && interpreter.path.startsWith("/nix/store/")
      ? start.spawnFailures
          .filter(({ step }) => step === "EXEC")
          .map(({ ref }) => ({ ref, meaning: { object: interpreter.path } }))
      : []),
  ];
  for (const phase of history?.phases ?? []) {
    if (history === undefined) return;
    for (const trouble of troubleIn(history, phase, signs)) {
      const path = trouble.object ?? "a store path";
      const collection = collectionBefore(hostJournal, trouble.first.time);
      yield {
        title: `${path} is gone from the store`,
        explanation:
          `The runner in force names ${path}, and it does not exist: no root kept it, or the store was changed behind Nix. ${state.path}/current itself is there.` +
          collectedAt(collection),
        certainty: "proven",
        ...(trouble.standing === "over" ? { severity: "info" as const } : {}),
        subject: { path },
        evidence: nonEmpty<EvidenceRef>(
          trouble.last,
          ...[gone.get(path), path === interpreter?.path ? interpreter : undefined].flatMap(
            (ref) => ref ?? [],
          ),
          ...(collection === undefined ? [] : [collection]),
        ),
        scope: {
          phase: phase.index,
          starts: trouble.starts,
          inForce: trouble.standing === "down",
        },
      };
    }
  }
}

const problemOf = (
  state: StateDirectory,
  hasScript: boolean,
):
  | { readonly title: string; readonly explanation: string; readonly evidence: EvidenceList }
  | undefined => {
  const current = state.links.current;
  if (state.ref.absent === true) {
    return {
      title: "the state directory does not exist",
      explanation: `${state.path} does not exist.`,
      evidence: [state.ref],
    };
  }
  if (current === undefined) {
    return {
      title: "current does not exist",
      explanation: `${state.path} holds no link named current.`,
      evidence: nonEmpty<EvidenceRef>(
        { kind: "file", path: hostPath(`${state.path}/current`), absent: true },
        state.ref,
      ),
    };
  }
  const hops = nonEmpty<EvidenceRef>(...current.hops);
  switch (current.end) {
    case "dangling":
      return {
        title: "current leads to nothing",
        explanation: `current leads to ${current.hops[0].stat?.target ?? "a path"}, and ${current.hops.at(-1)?.path ?? "it"} does not exist${current.store === undefined ? "" : ": the store path is gone, most likely collected as garbage"}.`,
        evidence: hops,
      };
    case "loop":
      return {
        title: "current leads in a circle",
        explanation: "The links from current lead back to themselves.",
        evidence: hops,
      };
    case "denied":
      return undefined;
    case "resolved":
      return hasScript
        ? undefined
        : {
            title: "current holds no bin/microvm-run",
            explanation: `${current.store ?? "What current leads to"} holds no bin/microvm-run.`,
            evidence: hops,
          };
  }
};
