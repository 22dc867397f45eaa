import type { VmJournal } from "../../evidence/journal.ts";
import type { EvidenceList, EvidenceRef } from "../../evidence/reference.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import type { VmUnit } from "../../evidence/unit.ts";
import { collectionBefore } from "../../facts/collections.ts";
import { hostPath } from "../../vocabulary.ts";
import { collectedAt, goneFromStore } from "../gone-from-store.ts";
import { defineRule, type Observation } from "../rule.ts";
import { wayBack } from "../runner-remedies.ts";
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
  requires: [],
  optional: [
    "state",
    "runners",
    "generations",
    "history",
    "vmJournal",
    "hostJournal",
    "secretFiles",
    "runnerNeeds",
    "unit",
  ],
  anyOf: ["state", "vmJournal"],
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
    const { state, runners, generations, history, vmJournal, hostJournal, unit } = knowledge;
    if (state === undefined) {
      yield* skippedFor(vmJournal);
      return;
    }
    yield* goneFromStore({ ...knowledge, state });
    // A script that could not be read is there all the same.
    const problem = problemOf(state, runners === undefined || runners.current !== undefined);
    if (problem === undefined || (state.ref.absent === true && !isAskedFor(state, vmJournal)))
      return;
    const collection =
      state.links.current?.end === "dangling" ? collectionBefore(hostJournal) : undefined;
    const newest = generations?.list.find(({ number }) => number === generations.newest);
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: `There is no runner to start: ${problem.title}`,
      explanation:
        `${problem.explanation} ${whatAStartDoes(unit)}` +
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
      remedies: [wayBack(state, newest)],
    };
  },
});

/** Where the state directory cannot be looked at, the condition that the newest start was skipped for tells. */
function* skippedFor(vmJournal: VmJournal | undefined): Iterable<Observation> {
  const last = vmJournal?.skipped.findLast(({ unit }) => unit.startsWith("microvm@"));
  const path = /(?<path>\/\S+\/current\/bin\/microvm-run)\b/u.exec(last?.condition ?? "")?.groups?.[
    "path"
  ];
  if (last === undefined || path === undefined) return;
  if (vmJournal?.invocations.some(({ first }) => first.time > last.ref.time) === true) return;
  yield {
    title: "There was no runner to start",
    explanation: `systemd skipped the newest start because ${path} did not exist then. The state directory itself could not be looked at.`,
    certainty: "strong",
    subject: { path },
    evidence: [last.ref],
    scope: { inForce: true },
  };
}

/** Somebody still wants it: the host declares it, or its last start was skipped. */
const isAskedFor = (state: StateDirectory, vmJournal: VmJournal | undefined): boolean => {
  const last = vmJournal?.invocations.at(-1)?.first.time ?? -Infinity;
  return (
    state.flavour !== "unknown" ||
    (vmJournal?.skipped ?? []).some(
      ({ unit, ref }) => unit.startsWith("microvm@") && ref.time > last,
    )
  );
};

const whatAStartDoes = (unit: VmUnit | undefined): string =>
  unit === undefined || unit.conditions.some(({ value }) => value.includes("/current/"))
    ? "The unit's condition asks for current/bin/microvm-run, so a start is skipped without an error."
    : "No condition of the unit asks for current/bin/microvm-run ahead of a start, so each start fails when systemd is to run it.";

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
