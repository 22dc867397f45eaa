import { formatTime } from "../../time/format-time.ts";
import { ledgerLines } from "../ledger.ts";
import type { Report } from "../report.ts";
import { shellWords } from "../shell-words.ts";
import { skippedCount, skippedLines } from "../skipped.ts";
import { expiredLines } from "../suppressed.ts";
import { evidenceLine, plain } from "../words.ts";
import type { Telling } from "./telling.ts";

/** What a report rests on: cited evidence that was not quoted yet, what was looked at, and when it was made. */
export const sources = (tell: Telling, report: Report): void => {
  evidenceList(tell);
  lookedAt(tell, report);
  commandList(tell, report);
  storePaths(tell);
  tell.out.line();
  tell.out.paragraph(
    `Report of ${formatTime(report.generatedAt, report.zone)}. mvdoctor explain ID explains a rule.`,
  );
};

const evidenceList = ({ out, numbers, zone, quoted }: Telling): void => {
  const left = numbers.cited().filter(({ id }) => !quoted.has(id));
  if (left.length === 0) return;
  out.heading(quoted.size === 0 ? "Evidence" : "Evidence that is not quoted above");
  for (const { id, ref } of left)
    out.paragraph(evidenceLine(ref, zone, numbers), `  ${`[${id}]`.padEnd(6)} `, "         ");
};

const lookedAt = ({ out, zone }: Telling, { diagnosis, showSkipped }: Report): void => {
  const { ledger, complete, vms } = diagnosis;
  out.heading("What was looked at");
  for (const { ids, text } of ledgerLines(ledger, zone))
    out.paragraph(text, `  ${`[${ids}]`.padEnd(6)} `, "         ");
  if (!complete)
    out.paragraph("So the picture is incomplete: what is not found may still be there.", "  ");
  const skipped = skippedCount(vms);
  if (skipped !== undefined)
    out.paragraph(`${skipped}${showSkipped ? ":" : "; --show-skipped lists them."}`, "  ");
  for (const line of showSkipped ? skippedLines(vms) : []) out.paragraph(line, "  - ", "    ");
  for (const line of expiredLines(diagnosis)) out.paragraph(line, "  ", "    ");
  for (const { id } of vms.flatMap(({ outcomes }) =>
    outcomes.filter(({ status }) => status === "error"),
  ))
    out.paragraph(`The rule ${id} failed; this is a fault of mvdoctor, please report it.`, "  ");
};

const commandList = ({ out }: Telling, { commands, diagnosis }: Report): void => {
  if (commands === undefined) return;
  out.heading(`Commands that were asked of ${plain(diagnosis.origin)}`);
  // Not wrapped: a command is there to be copied.
  for (const { argv, times, ends } of commands) {
    const often = times === 1 ? [] : [`${times} times`];
    const ended = ends.join() === "0" ? [] : [`ended with ${ends.join(", ")}`];
    const notes = [...often, ...ended];
    out.line(`  ${plain(shellWords(argv))}${notes.length === 0 ? "" : `   # ${notes.join(", ")}`}`);
  }
};

/** Every path that was shortened, so that none is lost. */
export const storePaths = ({ out, names }: Pick<Telling, "out" | "names">): void => {
  const paths = names.shortened();
  if (paths.length === 0) return;
  out.heading("Store paths in full");
  for (const path of paths) out.line(`  ${path}`);
};
