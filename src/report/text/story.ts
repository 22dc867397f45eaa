import type { PhaseAccount, VmDiagnosis } from "../../diagnosis/finding.ts";
import { formatClock, formatDuration, formatTime } from "../../time/format-time.ts";
import { clockLine, plain } from "../words.ts";
import { cites, prose, type Telling } from "./telling.ts";

/** Whether any secret ever came through, with what carries the answer. */
export const everWorked = (tell: Telling, { everWorked: worked }: VmDiagnosis): void => {
  tell.out.heading(`Did a secret ever reach the guest? ${worked.answer}`);
  tell.out.paragraph(`${prose(tell, worked.basis)}${cites(tell, worked.evidence)}`, "  ");
};

/** Each phase in words, with the lines that show it. */
export const story = (tell: Telling, { phases }: VmDiagnosis): void => {
  const { out, zone } = tell;
  if (phases.length === 0) return;
  out.heading("What happened");
  for (const phase of phases) {
    out.paragraph(
      out.paint.bold(
        `${phase.index}. ${formatTime(phase.start, zone)} ${endOf(phase, zone)}: ${plain(phase.title)}`,
      ),
      "  ",
      "     ",
    );
    if (phase.configuration !== "") out.paragraph(prose(tell, phase.configuration), "     ");
    if (phase.provenance !== undefined) out.paragraph(prose(tell, phase.provenance.text), "     ");
    out.paragraph(prose(tell, phase.result), "     ");
    for (const quote of phase.quotes)
      out.paragraph(clockLine(quote, zone), `     ${out.bar} `, `     ${out.bar}   `);
  }
};

const endOf = ({ start, end }: PhaseAccount, zone: string): string =>
  end === undefined
    ? "to the end"
    : `to ${formatClock(end, zone, { precision: "seconds" })} (${formatDuration(end - start)})`;

/** What became different from one phase to the next. */
export const transitions = (tell: Telling, vm: VmDiagnosis): void => {
  const { out } = tell;
  if (vm.transitions.length === 0) return;
  out.heading("What changed");
  for (const { from, to, changes } of vm.transitions) {
    out.line(`  From phase ${from} to phase ${to}:`);
    for (const change of changes)
      out.paragraph(`${prose(tell, change.text)}${cites(tell, change.evidence)}`, "  - ", "    ");
  }
};

/** What the evidence leaves open, with what speaks for each explanation and what would decide it. */
export const hypotheses = (tell: Telling, vm: VmDiagnosis): void => {
  const { out } = tell;
  for (const question of new Set(vm.hypotheses.map((one) => one.question))) {
    out.heading(`Open: ${prose(tell, question)}`);
    const claims = vm.hypotheses.filter((hypothesis) => hypothesis.question === question);
    let undecided = 0;
    for (const [index, one] of claims.entries()) {
      out.paragraph(`[${one.state}] ${prose(tell, one.claim)}.`, "  ", "    ");
      for (const { text, evidence } of one.for)
        out.paragraph(`for: ${prose(tell, text)}${cites(tell, evidence)}`, "    + ", "      ");
      for (const { text, evidence } of one.against)
        out.paragraph(`against: ${prose(tell, text)}${cites(tell, evidence)}`, "    - ", "      ");
      undecided += 1;
      if (claims[index + 1]?.decideBy === one.decideBy) continue;
      const which = undecided === 1 ? "decide" : `decide these ${undecided}`;
      undecided = 0;
      // With store paths in full: a command is there to be copied.
      out.paragraph(`${which} by: ${one.decideBy}`, "    ? ", "      ");
    }
  }
};
