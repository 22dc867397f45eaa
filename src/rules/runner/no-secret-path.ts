import type { EvidenceRef } from "../../evidence/reference.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import { listed } from "../../facts/wording.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/no-secret-path",
  severity: "error",
  part: "cause",
  docs: {
    what: "The runner in force contains no way for a secret to reach the guest.",
    why: "The default runner of a VM that declares no credentials carries none. The VM starts well and its credentials stay empty or absent, by construction.",
    proof:
      "The whole text of the script that `current/bin/microvm-run` is: no fw_cfg, no SMBIOS string but vmm.notify_socket, no share of secrets, no $CREDENTIALS_DIRECTORY, no read of a secret's path. Fires only where something shows that this VM wants secrets.",
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
    const inThisRunner =
      phase?.runner !== undefined && phase.runner.path === runner.directory
        ? phase.starts.map(({ id }) => id)
        : [];
    const missing = secrets.filter(
      ({ reports }) =>
        !reports.some(({ start, bytes }) => bytes > 0 && inThisRunner.includes(start)),
    );
    const [wanted] = missing;
    const [why] = wanted?.wantedBy ?? [];
    if (wanted === undefined || why === undefined) return;
    const names = missing.map(({ name }) => name);
    yield {
      title: "The runner in force has no way for a secret to reach the guest",
      explanation:
        `${runner.script} is what \`current/bin/microvm-run\` leads to. Its whole text holds no way for a secret: no fw_cfg entry, no SMBIOS string` +
        `${runner.notifies ? " but vmm.notify_socket, which only reports readiness" : ""}, no share with secrets, no use of $CREDENTIALS_DIRECTORY. ` +
        `Whatever the host holds for ${listed(names)} stays there, in every start of this runner.`,
      certainty: "proven",
      subject: {
        runner: runner.directory ?? runner.script,
        script: runner.script,
        ...(runner.hypervisor === undefined ? {} : { hypervisor: runner.hypervisor }),
      },
      evidence: nonEmpty<EvidenceRef>(
        runner.ref,
        ...(state.links.current === undefined ? [] : [state.links.current.hops[0]]),
        why,
      ),
      scope: {
        secrets: names,
        starts: inThisRunner,
        inForce: true,
        ...(phase === undefined ? {} : { phase: phase.index }),
      },
      remedies: waysToHandOver({
        vm: state.path.slice(state.path.lastIndexOf("/") + 1),
        unit,
        runner,
        secrets,
      }),
    };
  },
});
