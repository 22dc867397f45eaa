import type { EvidenceRef } from "../../evidence/reference.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "credentials/unit-shadowed",
  severity: "error",
  part: "cause",
  docs: {
    what: "A unit file of the instance hides the template, so the start, or what the template hands over, is lost.",
    why: 'For a VM that is not in microvm.vms NixOS writes systemd.services."microvm@NAME" as a whole unit file, not as a drop-in. systemd then reads that alone: without ExecStart= it refuses the unit.',
    proof:
      "microvm@NAME.service beside microvm@.service in the load path, without an ExecStart= of its own, or without the credentials that the template hands over.",
    ruledOut:
      "The instance is a drop-in directory, or its file has a start command and all credentials of the template.",
    confusedWith: [
      { id: "runner/missing", tell: "There the unit is whole and its runner is gone." },
      {
        id: "credentials/not-configured",
        tell: "There the template is in force and no setting hands anything over.",
      },
    ],
    repair: 'Set overrideStrategy = "asDropin" for that service.',
    sources: [
      "nixpkgs nixos/lib/systemd-lib.nix, generateUnits",
      "microvm.nix nixos-modules/host/default.nix:148-169 at 71beea0",
    ],
  },
  requires: ["unit", "secrets"],
  optional: ["history"],
  causes: [
    {
      mechanism: "nothing-to-run",
      effects: [
        "lifecycle/never-started",
        "lifecycle/condition-skipped",
        "lifecycle/crash-loop",
        "lifecycle/start-limit",
      ],
    },
    { mechanism: "template-is-hidden", effects: ["credentials/not-configured"] },
  ],
  *check({ unit, secrets, history }) {
    const hidden = unit.hiddenCredentials ?? [];
    const starts = unit.execStart.length > 0;
    if (!unit.shadowsTemplate || (starts && hidden.length === 0)) return;
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: starts
        ? `${unit.fragment.path} hides the template, and with it ${listed(hidden.map(({ value }) => value))}`
        : `${unit.fragment.path} hides the template, and has nothing to start`,
      explanation: `systemd reads the instance's own file instead of microvm@.service. ${
        starts
          ? `That file hands over nothing of ${listed(hidden.map(({ value }) => value))}, which the template loads for every VM.`
          : "That file has no ExecStart=, so systemd refuses the unit, and nothing that the template says holds."
      }`,
      certainty: "proven",
      subject: { path: unit.fragment.path },
      evidence: nonEmpty<EvidenceRef>(
        unit.fragment,
        ...unit.dropIns,
        ...hidden.map(({ ref }) => ref),
      ),
      scope: {
        secrets: secrets
          .filter(
            ({ credentialIds }) =>
              !starts || hidden.some(({ value }) => credentialIds.includes(value)),
          )
          .map(({ name }) => name),
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
      },
      remedies: [
        {
          title: "Make it a drop-in",
          kind: "nix",
          snippet: `{
  systemd.services."${unit.name.replace(/\.service$/u, "")}".overrideStrategy = "asDropin";
}
`,
          clears: ["credentials/unit-shadowed"],
          leaves: [],
          cost: "Needs a switch of the host and a start of the VM.",
          repairs: [{ kind: "outside-model", clears: ["credentials/unit-shadowed"] }],
        },
      ],
    };
  },
});
