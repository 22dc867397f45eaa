import type { EvidenceRef } from "../../evidence/reference.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import { isForTheUnitAlone } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/no-secret-path",
  severity: "error",
  part: "cause",
  docs: {
    what: "The runner in force contains no way for a secret to reach the guest.",
    why: "The default runner of a VM that declares no credentials carries none. The VM starts well and its credentials stay empty or absent, by construction.",
    proof:
      "The whole text of the script that `current/bin/microvm-run` is, or that an ExecStart= of the unit's own names: no fw_cfg, no SMBIOS string but vmm.notify_socket, no share of secrets, no $CREDENTIALS_DIRECTORY, no read of a secret's path. Fires only where something shows that this VM wants secrets.",
    ruledOut:
      "Any of these in the runner in force or in a script that it calls: a fw_cfg file, an SMBIOS string other than vmm.notify_socket, a share that holds secrets, a credential on the kernel's command line, a use of $CREDENTIALS_DIRECTORY. Or nothing on the host and in the guest wants a secret.",
    confusedWith: [
      {
        id: "runner/override-discarded",
        tell: "That one says why it may be so: a customised runner was built and is not the one in force. It explains; this is what has to be repaired.",
      },
      {
        id: "runner/stale-current",
        tell: "There a newer runner with a way for secrets is declared and only not installed.",
      },
      {
        id: "source/empty",
        tell: "There the way works and the value itself has no bytes.",
      },
      {
        id: "guest/not-imported",
        tell: "There the runner does hand over, and the guest does not take it.",
      },
    ],
    repair:
      "Give the runner a way that its hypervisor can carry: credentialFiles with QEMU; with cloud-hypervisor a runner of your own that adds OEM strings at start; elsewhere a share of a directory that stays.",
    upstream: [
      {
        project: "microvm.nix",
        from: "2bb7e39 (2025-07-23)",
        note: "microvm.credentialFiles exists, for QEMU only; every other hypervisor refuses it at evaluation, up to 71beea0 (2026-08-09).",
      },
      {
        project: "microvm.nix",
        from: "42eca33 (2025-07-18)",
        note: "cloud-hypervisor.platformOEMStrings exists: literals of the evaluation that lie in the world-readable store, so no way for a secret.",
      },
    ],
    sources: ["microvm.nix lib/runner.nix and lib/runners/*.nix at 71beea0"],
  },
  requires: ["runners", "secrets", "state"],
  optional: ["unit", "history"],
  causes: [
    {
      mechanism: "nothing-is-handed-over",
      effects: [
        "guest/empty-credential",
        "guest/absent-credential",
        "credentials/configured-unused",
      ],
    },
  ],
  *check({ runners, secrets, state, unit, history }) {
    const runner = runners.current;
    if (runner === undefined || waysForSecrets(runner, secrets).length > 0) return;
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const own = runners.startedBy;
    const inThisRunner =
      phase?.runner !== undefined && phase.runner.path === (runner.directory ?? runner.scriptStore)
        ? phase.starts.map(({ id }) => id)
        : [];
    const missing = secrets.filter(
      (secret) =>
        !isForTheUnitAlone(secret) &&
        !secret.reports.some(({ start, bytes }) => bytes > 0 && inThisRunner.includes(start)),
    );
    const [wanted] = missing;
    const [why] = wanted?.wantedBy ?? [];
    if (wanted === undefined || why === undefined) return;
    const names = missing.map(({ name }) => name);
    const passedOver =
      runners.passedOver !== undefined && waysForSecrets(runners.passedOver, secrets).length > 0;
    yield {
      title: "The runner in force has no way for a secret to reach the guest",
      explanation:
        `${runner.script} is what ${own === undefined ? "`current/bin/microvm-run` leads to" : `the unit runs by an ExecStart= of its own (${own.path}), in place of \`current/bin/microvm-run\``}. Its whole text holds no way for a secret: no fw_cfg entry, no SMBIOS string` +
        `${runner.notifies ? " but vmm.notify_socket, which only reports readiness" : ""}, no share with secrets, no use of $CREDENTIALS_DIRECTORY. ` +
        `Whatever the host holds for ${listed(names)} stays there, in every start of this runner.` +
        (passedOver ? " What `current` leads to would hand it over, and is passed over." : ""),
      certainty: "proven",
      subject: {
        runner: runner.directory ?? runner.script,
        script: runner.script,
        ...(runner.hypervisor === undefined ? {} : { hypervisor: runner.hypervisor }),
      },
      evidence: nonEmpty<EvidenceRef>(
        runner.ref,
        ...(own === undefined ? (state.links.current?.hops.slice(0, 1) ?? []) : [own]),
        why,
      ),
      scope: {
        secrets: names,
        starts: inThisRunner,
        inForce: true,
        ...(phase === undefined ? {} : { phase: phase.index }),
      },
      remedies: [
        ...(passedOver ? [DROP_THE_COMMAND] : []),
        ...waysToHandOver({
          vm: state.path.slice(state.path.lastIndexOf("/") + 1),
          unit,
          runner,
          secrets,
          flavour: state.flavour,
        }),
      ],
    };
  },
});

const DROP_THE_COMMAND: Remedy = {
  title: "Let the unit run what current leads to",
  kind: "advice",
  snippet: "Take ExecStart= out of the unit's own settings, then restart the VM.",
  clears: ["runner/no-secret-path", "credentials/configured-unused"],
  leaves: [],
  cost: "What the command did beside is lost; the VM is restarted.",
};
