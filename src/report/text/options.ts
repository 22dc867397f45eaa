import type { Diagnosis } from "../../diagnosis/diagnose.ts";
import type { VmDiagnosis } from "../../diagnosis/finding.ts";
import type { Page } from "../page.ts";
import { recommended } from "../recommended.ts";
import { suppressedHeadline, suppressionLine } from "../suppressed.ts";

export const optionLetter = (index: number): string => String.fromCodePoint(65 + index);

/** What would repair it, best first, with what each option clears, leaves and costs. */
export const optionList = (
  out: Page,
  { options, findings: found }: Pick<VmDiagnosis, "options" | "findings">,
): void => {
  if (options.length > 0) out.heading("What to do");
  const best = recommended({ options, findings: found });
  for (const [index, option] of options.entries()) {
    if (index > 0) out.line();
    out.paragraph(
      out.paint.bold(
        `${optionLetter(index)}. ${option.title}${option === best ? " (recommended)" : ""}`,
      ),
      "  ",
      "     ",
    );
    out.paragraph(
      `Clears ${option.clears.join(", ")}${option.checked ? "" : " (by the rule's word: no evidence would show it before a start)"}.`,
      "     ",
    );
    out.paragraph(
      option.leaves.length === 0
        ? "Leaves nothing of this broken."
        : `Leaves ${option.leaves.join(", ")}.`,
      "     ",
    );
    out.paragraph(option.cost, "     ");
    for (const line of option.snippet.trimEnd().split("\n")) out.line(`       ${line}`);
  }
  const misleading = found.flatMap((finding) => (finding.repaired ? [] : finding.misleading));
  if (misleading.length > 0) out.heading("What would not help");
  for (const { title, why } of misleading) out.paragraph(`${title}: ${why}`, "  - ", "    ");
};

/** What does not count, because a configuration says so: it stays countable. */
export const suppressedList = (
  out: Page,
  { suppressed }: Pick<VmDiagnosis, "suppressed">,
  { suppressions }: Diagnosis,
): void => {
  if (suppressed.length === 0 || suppressions === undefined) return;
  out.heading(suppressedHeadline(suppressed.length, suppressions.file));
  for (const one of suppressed) out.paragraph(suppressionLine(one), "  - ", "    ");
};
