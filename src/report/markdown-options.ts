import type { VmDiagnosis } from "../diagnosis/finding.ts";
import type { Emoji } from "./emoji.ts";
import { fenced, list, prose } from "./markdown-text.ts";
import { recommended } from "./recommended.ts";
import { optionLetter } from "./text.ts";

/** What would repair it, and what would not. */
export const optionBlocks = (
  vm: Pick<VmDiagnosis, "options" | "findings">,
  emoji: Emoji,
): readonly string[] => {
  const misleading = vm.findings.flatMap((finding) => (finding.repaired ? [] : finding.misleading));
  const best = recommended(vm);
  return [
    ...(vm.options.length === 0 ? [] : ["## Options"]),
    ...vm.options.flatMap((option, index) => [
      `### ${option === best ? emoji.recommended : ""}Option ${optionLetter(index)}: ${prose(option.title)}${option === best ? " (recommended)" : ""}`,
      list([
        `clears ${option.clears.map((id) => `\`${id}\``).join(", ")}${option.checked ? ": the rules were asked again with this in place" : ", by the rule's word"}`,
        option.leaves.length === 0
          ? "leaves nothing of this broken"
          : `**leaves** ${option.leaves.map((id) => `\`${id}\``).join(", ")}`,
        prose(option.cost),
      ]),
      fenced(option.snippet.trimEnd(), option.kind === "nix" ? "nix" : "sh"),
    ]),
    ...(misleading.length === 0
      ? []
      : [
          "### What would not help",
          list(misleading.map(({ title, why: reason }) => `**${prose(title)}:** ${prose(reason)}`)),
        ]),
  ];
};

/** What to do first, and what to settle while the evidence is there. */
export const nextSteps = (vm: VmDiagnosis): readonly string[] => {
  const [first] = vm.options;
  const questions = [...new Set(vm.hypotheses.map(({ question }) => question))];
  const steps = [
    ...(first === undefined
      ? []
      : [
          `Apply option A: ${prose(first.title)}.`,
          `Check before you trust it: \`mvdoctor diagnose ${vm.vm}\` after the next start, and \`systemd-creds --system list\` in the guest.`,
        ]),
    ...(vm.status === "healthy"
      ? []
      : questions.map(
          (question) =>
            `Settle "${prose(question)}" with the commands above, while the evidence is still there.`,
        )),
  ];
  return steps.length === 0
    ? []
    : ["## Next steps", steps.map((step, index) => `${index + 1}. ${step}`).join("\n")];
};
