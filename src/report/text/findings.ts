import type { Finding } from "../../diagnosis/finding.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { RuleId } from "../../vocabulary.ts";
import { evidenceLine } from "../words.ts";
import { cites, prose, type Telling } from "./telling.ts";

export const ROLE_WORD: Readonly<Record<Finding["role"], string>> = {
  "root-cause": "ROOT CAUSE",
  contributing: "contributing",
  consequence: "consequence",
  risk: "RISK",
  note: "note",
};

/** So much evidence is quoted below one finding; what is left is cited by number. */
const MOST_QUOTES = 4;

/** Each finding with its explanation, its evidence in its own words, and what caused it. */
export const findingList = (tell: Telling, found: readonly Finding[]): void => {
  if (found.length === 0) return;
  const { out } = tell;
  out.heading("Findings");
  for (const [index, finding] of found.entries()) {
    if (index > 0) out.line();
    const { paint } = out;
    const role = ROLE_WORD[finding.role];
    const painted =
      finding.role === "root-cause" || finding.role === "risk" ? paint.red.bold(role) : role;
    const phase = finding.scope.phase === undefined ? "" : `, phase ${finding.scope.phase}`;
    const state = finding.repaired ? "repaired since" : `${finding.severity}, ${finding.certainty}`;
    out.paragraph(`${painted} ${paint.cyan(finding.id)} (${state}${phase})`, "  ", "      ");
    out.paragraph(paint.bold(prose(tell, finding.title)), "    ");
    out.paragraph(`${prose(tell, finding.explanation)}${cites(tell, finding.evidence)}`, "    ");
    quotes(tell, finding.evidence);
    for (const cause of finding.causedBy)
      out.paragraph(`Caused by ${paint.cyan(cause.id)}: ${cause.how}.`, "    ");
    explanation(tell, finding.id);
  }
};

/** Evidence in its own words, where it was not quoted above. */
const quotes = ({ out, numbers, zone, quoted }: Telling, refs: readonly EvidenceRef[]): void => {
  const fresh = refs
    .map((ref) => ({ id: numbers.idOf(ref), ref }))
    .filter(({ id }, index, all) => all.findIndex((one) => one.id === id) === index)
    .filter(({ id }) => !quoted.has(id));
  for (const { id, ref } of fresh.slice(0, MOST_QUOTES)) {
    quoted.add(id);
    const mark = `[${id}]`;
    out.paragraph(
      evidenceLine(ref, zone, numbers),
      `    ${out.bar} ${mark} `,
      `    ${out.bar} ${" ".repeat(mark.length)} `,
    );
  }
};

/** What the rule itself says, in the manner of journalctl -x. */
const explanation = ({ out, explained }: Telling, id: RuleId): void => {
  const rule = explained.find((one) => one.id === id);
  if (rule === undefined) return;
  const mark = out.paint.dim(out.unicode ? "░░" : "--");
  for (const [title, text] of [
    ["Why it matters", rule.why],
    ["What proves it", rule.proof],
    ["What rules it out", rule.ruledOut],
    ["How to repair it", rule.repair],
  ] as const)
    out.paragraph(`${title}: ${text}`, `    ${mark} `);
};
