import type { VmJournal } from "../../evidence/journal.ts";
import type { EvidenceRef, FileRef } from "../../evidence/reference.ts";
import type { RunnerNeeds } from "../../evidence/runner-needs.ts";
import type { Shares } from "../../evidence/shares.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import type { History } from "../../facts/history.ts";
import {
  installerInForce,
  secretsGained,
  type InstallerInForce,
} from "../../facts/newer-runner.ts";
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
  optional: [
    "generations",
    "history",
    "shares",
    "runnerNeeds",
    "vmJournal",
    "secrets",
    "store",
    "runners",
  ],
  causes: [
    {
      mechanism: "older-runner-runs",
      effects: [
        "runner/no-secret-path",
        "runner/reads-secret-directly",
        "runner/swallowed-read-error",
        "credentials/configured-unused",
        "runner/stale-booted",
        "hypervisor/share-not-ready",
      ],
    },
    {
      mechanism: "share-is-not-served",
      effects: [
        "lifecycle/crash-loop",
        "lifecycle/never-started",
        "lifecycle/start-limit",
        "unrelated/tap",
      ],
    },
  ],
  *check({ state, generations, history, shares, runnerNeeds, vmJournal, secrets, store, runners }) {
    yield* oldScheme({ state, shares, needs: runnerNeeds, history, vmJournal });
    // Where the unit runs a command of its own, the link decides nothing.
    if (generations === undefined || runners?.startedBy !== undefined) return;
    const current = state.links.current;
    const installed = installerInForce(generations);
    if (
      current?.store === undefined ||
      current.end !== "resolved" ||
      installed === undefined ||
      current.store === installed.runner
    )
      return;
    const gained = secretsGained(installed.runner, {
      secrets: secrets ?? [],
      ...(store === undefined ? {} : { store }),
      ...(runners === undefined ? {} : { runners }),
    });
    const design = installed.frozen ? designOf(state, installed) : "declared";
    // Somebody updated it by hand since, which is how such a VM is meant to be kept.
    if (design === "updated-by-hand" && gained.length === 0) return;
    const phase = history?.phases.at(-1)?.index;
    const isWell = history?.running === true && gained.length === 0;
    yield {
      title: `current is not the runner of ${installed.system}`,
      explanation:
        `${capital(installed.system)} installs ${installed.runner}, but current leads to ${current.store}. ` +
        (installed.frozen
          ? "Its installer has a condition that leaves an existing VM as it is, so a switch does not change the runner."
          : "Its installer has not run since, or failed.") +
        (gained.length > 0
          ? " The runner in force has no way for the secrets, and the other one would bring it."
          : ""),
      certainty: "proven",
      ...(design !== "declared" && isWell ? { severity: "warning" as const } : {}),
      subject: {
        current: current.store,
        ...(installed.generation === undefined ? {} : { generation: installed.generation }),
        installs: installed.runner,
      },
      evidence: nonEmpty<EvidenceRef>(current.hops[0], installed.installer, installed.link),
      scope: {
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
        secrets: gained,
      },
      remedies: [
        {
          title: installed.frozen
            ? "Update the VM by hand"
            : "Run the installer again, then restart the VM",
          kind: "command",
          snippet: installed.frozen
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
 * What a frozen installer means (microvm.nix 5103fad): with updateFlake, whose reference the flake file holds, the VM is meant to be
 * updated by hand; before 2025-10-10 every flake= VM was frozen, and its flake file names a copy in the store that nobody can update.
 */
const designOf = (
  state: StateDirectory,
  { link }: InstallerInForce,
): "declared" | "by-hand" | "updated-by-hand" => {
  if (state.flake === undefined || state.flake.reference.startsWith("/nix/store/"))
    return "declared";
  const [linked, made] = [state.links.current?.hops[0].stat?.mtime, link.stat?.mtime];
  return linked !== undefined && made !== undefined && linked > made
    ? "updated-by-hand"
    : "by-hand";
};

interface OldSchemeSources {
  readonly state: StateDirectory;
  readonly shares: Shares | undefined;
  readonly needs: RunnerNeeds | undefined;
  readonly history: History | undefined;
  readonly vmJournal: VmJournal | undefined;
}

/** Something that the runner declares, and the program of its own that the host's helper unit asks for and does not find. */
interface Lacking {
  readonly what: string;
  readonly program: string;
  readonly declared: FileRef;
  readonly absent: FileRef;
  readonly helper: string;
}

/**
 * The host's module starts programs of the runner: bin/virtiofsd-run, bin/tap-up, bin/macvtap-up. A runner from before that scheme declares
 * shares and interfaces and has no such program: the helper is skipped, and the VMM finds nobody who serves them. Under a host module from
 * before that scheme, nothing is skipped and nothing is missed.
 */
function* oldScheme({
  state,
  shares,
  needs,
  history,
  vmJournal,
}: OldSchemeSources): Iterable<Observation> {
  const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
  for (const lacking of lackingOf(shares, needs)) {
    const skip = vmJournal?.skipped.findLast(({ unit }) => unit.startsWith(lacking.helper));
    if (skip === undefined || history?.running === true) continue;
    yield {
      title: `The runner is older than the host's module: it declares ${lacking.what} and has no ${lacking.program}`,
      explanation: `The runner declares ${lacking.what}, and has no ${lacking.program}. The host's module asks the runner for that program and skips what is not there; the VMM then finds nothing. The runner has to be built again.`,
      certainty: "proven",
      subject: {
        runner: state.links.current?.store ?? `${state.path}/current`,
        lacks: lacking.program,
      },
      evidence: nonEmpty<EvidenceRef>(lacking.absent, lacking.declared, skip.ref),
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
}

const lackingOf = (
  shares: Shares | undefined,
  needs: RunnerNeeds | undefined,
): readonly Lacking[] => {
  const share = shares?.directories.find(({ protocol }) => protocol === "virtiofs");
  const server = shares?.server;
  const interfaces = (needs?.interfaces ?? []).filter(({ program }) => program.absent === true);
  return [
    ...(share === undefined || server?.absent !== true
      ? []
      : [
          {
            what: `the share ${share.source}`,
            program: "bin/virtiofsd-run",
            declared: share.ref,
            absent: server,
            helper: "microvm-virtiofsd@",
          },
        ]),
    ...interfaces.slice(0, 1).map((one) => ({
      what: `the interface ${one.name}`,
      program: `bin/${one.type}-up`,
      declared: one.ref,
      absent: one.program,
      helper: `microvm-${one.type}-interfaces@`,
    })),
  ];
};

const name = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
