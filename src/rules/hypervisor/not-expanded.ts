import type { EvidenceRef } from "../../evidence/reference.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { LOST_ON_THE_WAY } from "../hypervisor-effects.ts";
import { passedValues } from "../../facts/passed-values.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "hypervisor/not-expanded",
  severity: "error",
  part: "cause",
  docs: {
    what: "The guest gets a literal such as $(cat ...): the value was quoted at build time.",
    why: "microvm.nix escapes what is written into its options, so the shell never sees a $(...) or a variable in them. The guest has a credential with these characters as its value.",
    proof: "The expression between single quotes in the runner's text.",
    ruledOut: "Double quotes, or none, around it.",
    confusedWith: [
      {
        id: "hypervisor/value-truncated",
        tell: "There the value is the right one and a part of it is missing.",
      },
      { id: "exposure/store", tell: "There the value itself was written at build time." },
    ],
    repair:
      "platformOEMStrings and -append are fixed at build time: put the value in at the start with a runner of your own, or by file.",
    upstream: [
      {
        project: "microvm.nix",
        from: "e068a39 (2025-07-18)",
        note: "platformOEMStrings goes through escapeShellArgs.",
      },
    ],
    sources: ["microvm.nix lib/runners/cloud-hypervisor.nix at 71beea0", "bash(1), QUOTING"],
  },
  requires: ["runners", "secrets"],
  optional: ["history"],
  causes: LOST_ON_THE_WAY,
  *check({ runners, secrets, history }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const place = {
      inForce: true,
      starts: phase?.starts.map(({ id }) => id) ?? [],
      ...(phase === undefined ? {} : { phase: phase.index }),
    };
    for (const { value, ref } of passedValues(runner)) {
      if (value.form !== "unexpanded") continue;
      const names = namesOfGuest(secrets, [value.name]);
      yield {
        title: `The guest is given the text of an expression as ${value.name}`,
        explanation: `The runner's text holds the value of ${value.name} between quotes that the shell leaves alone, so ${value.bytes === undefined ? "the characters" : `the ${value.bytes} characters`} of the expression are what the guest gets.`,
        certainty: "proven",
        subject: { credential: value.name },
        evidence: nonEmpty<EvidenceRef>(ref, runner.ref),
        scope: { ...place, secrets: names.length > 0 ? names : [value.name] },
      };
    }
  },
});
