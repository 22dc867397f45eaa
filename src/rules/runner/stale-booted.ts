import type { EvidenceRef } from "../../evidence/reference.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/stale-booted",
  severity: "warning",
  part: "cause",
  docs: {
    what: "The running VM was started from an older runner than `current`.",
    why: "A relink does not restart the VM where only the runner changed (the trigger is the guest's toplevel) or where restartIfChanged is off (flake= VMs).",
    proof:
      "`booted`, which is written at each start, leads to another store path than `current`, while the unit runs.",
    ruledOut:
      "`booted` and `current` lead to the same store path, or the VM is down: the next start then takes `current` anyway.",
    confusedWith: [
      {
        id: "runner/stale-current",
        tell: "There `current` itself is old, and a restart changes nothing.",
      },
      {
        id: "runner/not-deployed",
        tell: "There neither link knows of the new runner.",
      },
      {
        id: "source/stale-generation",
        tell: "There the runner is right, and the VM holds the secret's value from before its rotation.",
      },
    ],
    repair: "Restart the VM.",
    upstream: [
      {
        project: "microvm.nix",
        note: "A switch restarts the VM only where the guest's toplevel changed and restartIfChanged is on; by default it is on for `config=` and off for `flake=`. Read at 71beea0.",
      },
      {
        project: "microvm.nix",
        until: "2026-02-21",
        note: "`booted` is written by the ExecStartPre= of microvm@; later by microvm-set-booted@.",
      },
    ],
    sources: [
      "microvm.nix nixos-modules/host/default.nix at 71beea0: microvm-set-booted@, restartTriggers",
    ],
  },
  requires: ["state", "runners", "history", "secrets"],
  causes: [
    {
      mechanism: "nothing-is-handed-over",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ state, runners, history, secrets }) {
    const { current, booted } = state.links;
    if (
      !history.running ||
      runners.startedBy !== undefined ||
      current?.store === undefined ||
      booted?.store === undefined ||
      current.store === booted.store
    )
      return;
    const gained =
      runners.current !== undefined &&
      waysForSecrets(runners.current, secrets).length > 0 &&
      (runners.booted === undefined || waysForSecrets(runners.booted, secrets).length === 0);
    const phase = history.phases.at(-1);
    const name = state.path.slice(state.path.lastIndexOf("/") + 1);
    yield {
      title: "The VM still runs the runner from before the last relink",
      explanation:
        `The VM was started from ${booted.store}; current now leads to ${current.store}.` +
        (gained
          ? " Only the newer one has a way for secrets, so a restart is what is missing."
          : " What the newer one changes has no effect until the VM is restarted."),
      ...(gained ? { severity: "error" as const } : {}),
      certainty: "proven",
      subject: { booted: booted.store, current: current.store },
      evidence: nonEmpty<EvidenceRef>(
        booted.hops[0],
        current.hops[0],
        ...(history.runningBy === undefined ? [] : [history.runningBy]),
      ),
      scope: {
        inForce: true,
        ...(phase === undefined
          ? {}
          : { phase: phase.index, starts: phase.starts.map(({ id }) => id) }),
        ...(gained ? { secrets: secrets.map((secret) => secret.name) } : {}),
      },
      remedies: [
        {
          title: "Restart the VM",
          kind: "command",
          snippet: `systemctl restart microvm@${name}.service`,
          clears: [
            "runner/stale-booted",
            ...(gained ? (["guest/empty-credential", "guest/absent-credential"] as const) : []),
          ],
          leaves: [],
          cost: "The guest is shut down and started.",
        },
      ],
    };
  },
});
