import type { PhaseAccount, VmDiagnosis } from "../diagnosis/finding.ts";
import { formatClock, formatDuration, formatTime } from "../time/format-time.ts";
import type { Micros } from "../vocabulary.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { argument, cites } from "./markdown-evidence.ts";
import { cell, fenced, list, prose } from "./markdown-text.ts";
import { phasesDiagram } from "./mermaid-phases.ts";
import type { Report } from "./report.ts";
import { journalLine, sentence } from "./words.ts";

/** The story: phases as a diagram, as a table with both clocks, and one by one with what shows them. */
export const timelineBlocks = (
  vm: VmDiagnosis,
  { diagnosis, zone }: Report,
  numbers: EvidenceNumbers,
): readonly string[] => [
  "## Timeline",
  ...(vm.phases.length === 0
    ? ["No start of this VM is in the journal that could be read."]
    : [
        ...phasesDiagram(vm, zone, diagnosis.coverage.last),
        phaseTable(vm.phases, zone),
        ...vm.phases.flatMap((phase) => phaseBlock(phase, zone, numbers)),
      ]),
];

const phaseTable = (phases: readonly PhaseAccount[], zone: string): string =>
  [
    `| phase | ${zone === "UTC" ? "" : `${cell(zone)} | `}UTC | lasted | starts | what |`,
    `|---|${zone === "UTC" ? "" : "---|"}---|---|---:|---|`,
    ...phases.map(
      ({ index, start, end, invocations, title }) =>
        `| ${[
          index,
          ...(zone === "UTC" ? [] : [span(start, end, zone)]),
          span(start, end, "UTC"),
          end === undefined ? "to the end" : formatDuration(end - start),
          invocations,
          cell(title),
        ].join(" | ")} |`,
    ),
  ].join("\n");

/** `2025-09-27 00:41:39 -04:00 to 00:44:38`, with the second date where it is another one. */
const span = (start: Micros, end: Micros | undefined, zone: string): string => {
  const [from = "", to = ""] = [start, ...(end === undefined ? [] : [end])].map((time) =>
    zone === "UTC" ? formatTime(time, zone).slice(0, 19) : formatTime(time, zone),
  );
  if (to === "") return `${from} on`;
  const isSameDay = from.slice(0, 10) === to.slice(0, 10) && from.slice(19) === to.slice(19);
  return `${from} to ${isSameDay ? to.slice(11, 19) : to}`;
};

const phaseBlock = (
  phase: PhaseAccount,
  zone: string,
  numbers: EvidenceNumbers,
): readonly string[] => {
  const clock = (time: Micros): string => formatClock(time, zone, { precision: "seconds" });
  const lasted =
    phase.end === undefined
      ? `from ${clock(phase.start)} to the end`
      : `${clock(phase.start)} to ${clock(phase.end)}, ${formatDuration(phase.end - phase.start)}`;
  return [
    `### Phase ${phase.index}: ${prose(phase.title)} (${lasted})`,
    ...(phase.configuration === ""
      ? []
      : [`**Configuration:** ${prose(sentence(phase.configuration, zone))}`]),
    ...(phase.provenance === undefined
      ? []
      : [
          `**Where the runner comes from:** ${prose(sentence(phase.provenance.text, zone))}${cites(phase.provenance.evidence, numbers)}`,
        ]),
    `**Result:** ${prose(sentence(phase.result, zone))}${cites(phase.evidence, numbers)}`,
    ...(phase.quotes.length === 0
      ? []
      : [
          "**Evidence:**",
          fenced(phase.quotes.map((quote) => journalLine(quote, zone)).join("\n")),
        ]),
  ];
};

/** What became different between the phases. */
export const changeBlocks = (
  vm: VmDiagnosis,
  numbers: EvidenceNumbers,
  zone: string,
): readonly string[] =>
  vm.transitions.length === 0
    ? []
    : [
        "## What changed",
        ...vm.transitions.flatMap(({ from, to, changes }) => [
          `From phase ${from} to phase ${to}:`,
          list(changes.map((change) => argument(change, numbers, zone))),
        ]),
      ];
