import { troublesOf } from "../../facts/vmm-troubles.ts";
import { ENDS_THE_VMM } from "../hypervisor-effects.ts";
import { defineRule } from "../rule.ts";
import { troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "hypervisor/argument-rejected",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM refused its command line.",
    why: "An option that this version does not know, one that stands twice, or a value that breaks its grammar ends the VMM at once; cloud-hypervisor then prints the whole string, secrets included.",
    proof: "The VMM's own words about an argument, in the starts that failed.",
    ruledOut: "A later start of the same runner that runs.",
    confusedWith: [
      {
        id: "hypervisor/name-too-long",
        tell: "There the name of the credential is what does not fit.",
      },
      { id: "unrelated/vmm-crash", tell: "There the VMM ends by a fault of its own." },
    ],
    repair: "Give --platform once, write values as base64, and take a VMM that knows the option.",
    sources: [
      "clap: the argument cannot be used multiple times",
      "cloud-hypervisor option_parser, v47, v48 and v53",
    ],
  },
  requires: ["history"],
  causes: ENDS_THE_VMM,
  *check({ history }) {
    for (const trouble of troublesOf(history, "arguments")) {
      yield troubleObservation(trouble, {
        title: "The VMM refuses its command line",
        explanation: "The VMM ended over an option or value of its command line, before any guest.",
        subject: { option: trouble.object ?? "command line" },
      });
    }
  },
});
