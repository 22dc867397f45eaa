import type { EvidenceList, EvidenceRef } from "../../evidence/reference.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import { hostPath } from "../../vocabulary.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/missing",
  severity: "error",
  part: "cause",
  docs: {
    what: "`current` is absent, dangling or looped, or holds no `bin/microvm-run`.",
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
  optional: ["runners", "generations", "history", "vmJournal"],
  causes: [
    {
      mechanism: "nothing-to-run",
      effects: ["lifecycle/condition-skipped", "lifecycle/never-started", "lifecycle/crash-loop"],
    },
  ],
  *check({ state, runners, generations, history, vmJournal }) {
    const problem = problemOf(state, runners?.current !== undefined);
    if (problem === undefined) return;
    const newest = generations?.list.find(({ number }) => number === generations.newest);
    const phase = history?.phases.at(-1)?.index;
    const name = state.path.slice(state.path.lastIndexOf("/") + 1);
    yield {
      title: `There is no runner to start: ${problem.title}`,
      explanation:
        `${problem.explanation} The unit's condition asks for current/bin/microvm-run, so a start is skipped without an error.` +
        (newest?.runner === undefined
          ? ""
          : ` Generation ${newest.number} would install ${newest.runner}.`),
      certainty: "proven",
      subject: { path: `${state.path}/current` },
      evidence: problem.evidence,
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
