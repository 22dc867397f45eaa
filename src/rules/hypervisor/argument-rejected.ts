import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import { troublesOf, type Trouble } from "../../facts/vmm-troubles.ts";
import { metBy, troubleLines, troubleScope, troubleSeverity } from "../met-by-vmm.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START } from "../vmm-trouble.ts";

export default defineRule({
  id: "hypervisor/argument-rejected",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM refused its command line.",
    why: "An option that this version does not know, one that is given twice, or a value that its parser cannot read ends the VMM before it makes a machine. A secret on the command line can be what it cannot read: brackets, quotes, and spaces where a script's output is split into words.",
    proof:
      "The VMM's own word about an option or an argument, in starts that failed; the runner's text shows where the option comes from.",
    ruledOut: "The same start goes on to a running guest.",
    confusedWith: [
      {
        id: "hypervisor/channel-unsupported",
        tell: "There the option is refused because this VMM has no such channel, or has it already.",
      },
      {
        id: "hypervisor/name-too-long",
        tell: "There QEMU names the limit on the name of a fw_cfg item.",
      },
      {
        id: "hypervisor/too-large",
        tell: "There the kernel refuses to start a program with so long an argument.",
      },
    ],
    repair:
      "Compare the option with `--help` of the VMM that the runner names. For a value: base64 with `io.systemd.credential.binary:`, which holds no bracket, quote, comma or space.",
    sources: [
      "cloud-hypervisor option_parser at ae44c29: unbalanced brackets and quotes are an InvalidSyntax",
      "microvm.nix lib/runner.nix at 71beea0: the output of extraArgsScript is split into words",
      "measured: QEMU 7.2, duplicate fw_cfg names",
    ],
  },
  requires: ["history"],
  optional: ["runners"],
  causes: ENDS_THE_START,
  *check({ history, runners }) {
    for (const trouble of troublesOf(history, "arguments")) {
      const runner = trouble.standing === "down" ? runners?.current : undefined;
      const likely = explain(trouble, runner);
      yield {
        title:
          trouble.object === undefined
            ? "The VMM does not understand its command line"
            : `The VMM refuses its option ${trouble.object}`,
        explanation: `The VMM ended with its own word about its arguments, before it made a machine. ${metBy(trouble)}${likely === undefined ? "" : ` ${likely.text}`}`,
        certainty: "proven",
        ...troubleSeverity(trouble),
        subject: {
          option: trouble.object ?? "unknown",
          ...(runner === undefined ? {} : { runner: runner.directory ?? runner.script }),
        },
        evidence: nonEmpty<EvidenceRef>(...troubleLines(trouble), ...(likely?.refs ?? [])),
        scope: troubleScope(trouble),
        ...(likely === undefined ? {} : { remedies: [likely.remedy] }),
      };
    }
  },
});

interface Explanation {
  readonly text: string;
  readonly refs: readonly EvidenceRef[];
  readonly remedy: Remedy;
}

/** What in the runner can make such a refusal out of a secret. */
const explain = (trouble: Trouble, runner: Runner | undefined): Explanation | undefined => {
  const script = runner?.channels.find(({ kind }) => kind === "arguments-script");
  const runtime = runner?.channels.find(({ kind }) => kind === "oem-runtime");
  if (runtime !== undefined && isSyntax(trouble.first.text))
    return {
      text: "The runner puts values into its OEM strings at the start. A bracket or a quote in a value that has no partner makes the whole list unreadable, and cloud-hypervisor then prints all of it: what it printed is masked here and lies in the journal.",
      refs: [runtime.ref],
      remedy: {
        title: "Hand the values over as base64",
        kind: "advice",
        snippet:
          'value=$(base64 --wrap=0 "$CREDENTIALS_DIRECTORY/name")\nstrings="io.systemd.credential.binary:name=$value"',
        clears: ["hypervisor/argument-rejected", "hypervisor/value-truncated"],
        leaves: ["exposure/command-line", "exposure/journal"],
        cost: "The guest's systemd decodes it. What the journal holds already has to be taken for known: change the secret.",
      },
    };
  return script === undefined
    ? undefined
    : {
        text: "The runner adds what an extraArgsScript prints, split into words: a space in a value becomes an argument of its own.",
        refs: [script.ref],
        remedy: {
          title: "Print no value with a space or a wildcard in it",
          kind: "advice",
          snippet:
            'echo "-fw_cfg name=opt/io.systemd.credentials/name,file=$CREDENTIALS_DIRECTORY/name"',
          clears: ["hypervisor/argument-rejected"],
          leaves: [],
          cost: "QEMU alone; it reads the file itself, so that no value is an argument.",
        },
      };
};

/** A parser's word on the form of a value, not on an option that it does not know. */
const isSyntax = (text: string): boolean =>
  /syntax|pars(?:e|ing)|balanced|quote|bracket/iu.test(text);
