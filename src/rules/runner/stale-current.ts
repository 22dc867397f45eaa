import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Shares } from "../../evidence/shares.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import type { History } from "../../facts/history.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/stale-current",
  severity: "error",
  part: "cause",
  docs: {
    what: "`current` is not the runner that the newest system generation installs.",
    why: "The next start runs what `current` leads to. A change that was deployed has then no effect: the installer was skipped, failed, or is frozen by its condition (flake= VMs before 2025-10-10, or with updateFlake).",
    proof: "The `ln -sTf` of install-microvm-VM in the newest generation, against the link.",
    ruledOut:
      "`current` leads to the very store path that the installer of the newest generation links. For VMs of `microvm -c` there is no installer, and nothing to compare with.",
    confusedWith: [
      {
        id: "runner/stale-booted",
        tell: "There `current` is right and the VM only was not restarted.",
      },
      {
        id: "runner/not-deployed",
        tell: "There the newest generation itself is old: the change was never built or activated on this host.",
      },
      {
        id: "runner/override-discarded",
        tell: "There `current` is what was declared, and the declaration lost the customisation.",
      },
    ],
    repair:
      "Run the installer again and restart the VM; for a VM with a frozen installer `microvm -Ru VM`. Deleting the state directory destroys its volumes and is not needed.",
    upstream: [
      {
        project: "microvm.nix",
        until: "5103fad (2025-10-10)",
        note: "The installer of every `flake=` VM is skipped once the VM exists, so `current` stays as it was first installed. Later only with updateFlake.",
      },
      {
        project: "microvm.nix",
        note: "The installer of a `config=` VM has no such condition: every switch writes `current`. Read at 71beea0.",
      },
    ],
    sources: [
      "microvm.nix nixos-modules/host/default.nix:111-147 at 71beea0, 5103fad (2025-10-10)",
    ],
  },
  requires: ["state"],
  optional: ["generations", "history", "shares"],
  causes: [
    {
      mechanism: "older-runner-runs",
      effects: [
        "runner/no-secret-path",
        "runner/reads-secret-directly",
        "runner/swallowed-read-error",
        "credentials/configured-unused",
        "runner/stale-booted",
      ],
    },
    {
      mechanism: "share-is-not-served",
      effects: ["lifecycle/crash-loop", "lifecycle/never-started", "lifecycle/start-limit"],
    },
  ],
  *check({ state, generations, history, shares }) {
    if (shares !== undefined) yield* oldScheme(state, shares, history);
    if (generations === undefined) return;
    const current = state.links.current;
    const newest = generations.list.find(({ number }) => number === generations.newest);
    if (
      current?.store === undefined ||
      newest?.runner === undefined ||
      newest.installer === undefined
    )
      return;
    if (current.store === newest.runner) return;
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: `current is not the runner of generation ${newest.number}`,
      explanation:
        `Generation ${newest.number} of the system installs ${newest.runner}, but current leads to ${current.store}. ` +
        (newest.frozen
          ? "Its installer has a condition that leaves an existing VM as it is, so a switch does not change the runner."
          : "Its installer has not run since, or failed."),
      certainty: "proven",
      subject: { current: current.store, generation: newest.number, installs: newest.runner },
      evidence: nonEmpty<EvidenceRef>(current.hops[0], newest.installer, newest.link),
      scope: { inForce: true, ...(phase === undefined ? {} : { phase }) },
      remedies: [
        {
          title: newest.frozen
            ? "Update the VM by hand"
            : "Run the installer again, then restart the VM",
          kind: "command",
          snippet: newest.frozen
            ? `microvm -Ru ${name(state.path)}`
            : `systemctl start install-microvm-${name(state.path)}.service && systemctl restart microvm@${name(state.path)}.service`,
          clears: ["runner/stale-current", "runner/stale-booted"],
          leaves: [],
          cost: "Restarts the VM.",
        },
      ],
    };
  },
});

/**
 * The host's module starts bin/virtiofsd-run of the runner. One from before that scheme declares its shares and has no such program:
 * the helper is skipped, and the VMM finds nobody who serves them.
 */
function* oldScheme(
  state: StateDirectory,
  { directories, server }: Shares,
  history: History | undefined,
): Iterable<Observation> {
  const share = directories.find(({ protocol }) => protocol === "virtiofs");
  if (share === undefined || server?.absent !== true) return;
  const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
  yield {
    title: "The runner is older than the host's module: it declares shares and cannot serve them",
    explanation: `The runner declares the share ${share.source} and has no bin/virtiofsd-run. The host's module asks the runner for that program, skips what is not there, and the VMM then finds no socket. The runner has to be built again.`,
    certainty: "proven",
    subject: { runner: state.links.current?.store ?? `${state.path}/current`, share: share.source },
    evidence: nonEmpty<EvidenceRef>(server, share.ref),
    scope: {
      inForce: true,
      ...(phase === undefined
        ? {}
        : { phase: phase.index, starts: phase.starts.map(({ id }) => id) }),
    },
    remedies: [
      {
        title: "Update the VM by hand",
        kind: "command",
        snippet: `microvm -Ru ${name(state.path)}`,
        clears: ["runner/stale-current"],
        leaves: [],
        cost: "Builds the runner with the host's microvm.nix and restarts the VM.",
      },
    ],
  };
}

const name = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
