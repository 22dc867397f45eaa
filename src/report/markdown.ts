import type { Argument, PhaseAccount, VmDiagnosis } from "../diagnosis/finding.ts";
import { formatClock, formatDuration, formatTime, formatUtc } from "../time/format-time.ts";
import { STAGES } from "../vocabulary.ts";
import { evidenceNumbers, type EvidenceNumbers } from "./evidence-numbers.ts";
import { ledgerLines } from "./ledger.ts";
import { recommended } from "./recommended.ts";
import type { Report } from "./report.ts";
import { answerLines, optionLetter } from "./text.ts";
import { cell, code, fenced, list, prose } from "./markdown-text.ts";
import { skippedCount, skippedLines } from "./skipped.ts";
import { expiredLines, suppressedHeadline, suppressionLine } from "./suppressed.ts";
import { evidenceLine, journalLine, sentence, withoutVms } from "./words.ts";

/** The incident write-up: timeline with quoted evidence, what changed, why, options, the answer, next steps. */
export const renderMarkdown = (report: Report): string => {
  const { diagnosis, zone } = report;
  const blocks = diagnosis.vms.map((vm) => vmReport(vm, report));
  const host = diagnosis.host?.name;
  const { first, last } = diagnosis.coverage;
  const head = [
    `# Root cause analysis: ${diagnosis.vms.length === 0 ? prose(withoutVms(diagnosis).replace(/\.$/u, "")) : diagnosis.vms.map(({ vm }) => prose(vm)).join(", ")}${host === undefined ? "" : ` on ${prose(host)}`}`,
    [
      `- **Report of:** ${formatTime(report.generatedAt, zone)} (${formatUtc(report.generatedAt)})`,
      first === undefined || last === undefined
        ? "- **Journal:** nothing of it could be read"
        : `- **Journal:** ${formatTime(first, zone)} to ${formatTime(last, zone)}, ${diagnosis.coverage.boots.length} ${diagnosis.coverage.boots.length === 1 ? "boot" : "boots"}`,
      `- **Times:** ${zone}, with the offset from UTC`,
      ...(diagnosis.complete
        ? []
        : ["- **Incomplete:** what is not found here may still be there, see Coverage"]),
    ].join("\n"),
  ];
  return `${[...head, ...blocks.flat(), ...coverage(report)].join("\n\n")}\n`;
};

const vmReport = (vm: VmDiagnosis, report: Report): readonly string[] => {
  const { zone } = report;
  const numbers = evidenceNumbers(report.diagnosis.ledger);
  const several = report.diagnosis.vms.length > 1;
  const blocks = [
    ...(several ? [`# ${prose(vm.vm)}`] : []),
    `**Status: ${vm.status}**${vm.since === undefined ? "" : `, since ${formatTime(vm.since, zone)} as far as the journal tells`}`,
    list(answerLines(vm)),
    ...stageTable(vm),
    "## Timeline",
    ...vm.phases.flatMap((phase) => phaseBlock(phase, zone, numbers)),
    ...changed(vm, numbers, zone),
    ...why(vm, numbers, zone),
    ...open(vm, numbers, zone),
    ...optionBlocks(vm),
    ...suppressedBlocks(vm, report.diagnosis),
    "## Was it ever working?",
    `**${capital(vm.everWorked.answer)}.** ${prose(sentence(vm.everWorked.basis, zone))}${cites(vm.everWorked.evidence, numbers)}`,
    ...nextSteps(vm),
  ];
  return [...blocks, ...evidence(numbers, zone)];
};

/** A row for each secret, a column for each stage. */
export const stageTable = ({ stages: rows }: Pick<VmDiagnosis, "stages">): readonly string[] =>
  rows.length === 0
    ? []
    : [
        "## The way of each secret",
        [
          `| secret | ${STAGES.join(" | ")} |`,
          `|---|${STAGES.map(() => "---|").join("")}`,
          ...rows.map(
            ({ secret, stages: states }) =>
              `| ${cell(secret)} | ${STAGES.map((stage) => (states[stage] === "broken" ? "**broken**" : states[stage])).join(" | ")} |`,
          ),
        ].join("\n"),
      ];

const phaseBlock = (
  phase: PhaseAccount,
  zone: string,
  numbers: EvidenceNumbers,
): readonly string[] => {
  const clock = (time: PhaseAccount["start"]): string =>
    formatClock(time, zone, { precision: "seconds" });
  const span =
    phase.end === undefined
      ? `from ${clock(phase.start)} to the end`
      : `${clock(phase.start)} to ${clock(phase.end)}, ${formatDuration(phase.end - phase.start)}`;
  return [
    `### Phase ${phase.index}: ${prose(phase.title)} (${span})`,
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
      : [fenced(phase.quotes.map((quote) => journalLine(quote, zone)).join("\n"))]),
  ];
};

const changed = (vm: VmDiagnosis, numbers: EvidenceNumbers, zone: string): readonly string[] =>
  vm.transitions.length === 0
    ? []
    : [
        "## What changed",
        ...vm.transitions.flatMap(({ from, to, changes }) => [
          `From phase ${from} to phase ${to}:`,
          list(changes.map((change) => argument(change, numbers, zone))),
        ]),
      ];

/** Each finding with its explanation, its evidence and what caused it. */
export const why = (
  vm: Pick<VmDiagnosis, "findings">,
  numbers: EvidenceNumbers,
  zone: string,
): readonly string[] =>
  vm.findings.length === 0
    ? ["## Findings", "None."]
    : [
        "## Why",
        ...vm.findings.flatMap((finding) => [
          `### ${prose(sentence(finding.title, zone))}`,
          [
            `\`${finding.id}\``,
            finding.role,
            finding.repaired ? "repaired since" : `${finding.severity}, ${finding.certainty}`,
            ...(finding.scope.phase === undefined ? [] : [`phase ${finding.scope.phase}`]),
          ].join(" | "),
          `${prose(sentence(finding.explanation, zone))}${cites(finding.evidence, numbers)}`,
          ...(finding.causedBy.length === 0
            ? []
            : [list(finding.causedBy.map(({ id, how }) => `caused by \`${id}\`: ${how}`))]),
        ]),
      ];

const open = (vm: VmDiagnosis, numbers: EvidenceNumbers, zone: string): readonly string[] => {
  if (vm.status === "healthy" || vm.hypotheses.length === 0) return [];
  return [
    "## What is not proven",
    ...[...new Set(vm.hypotheses.map(({ question }) => question))].flatMap((question) => [
      `### ${prose(sentence(question, zone))}`,
      ...vm.hypotheses
        .filter((one) => one.question === question)
        .map((one) =>
          [
            `- **${capital(one.state)}:** ${prose(sentence(one.claim, zone))}`,
            ...one.for.map((each) => `  - for: ${argument(each, numbers, zone)}`),
            ...one.against.map((each) => `  - against: ${argument(each, numbers, zone)}`),
            `  - decide by: ${code(one.decideBy)}`,
          ].join("\n"),
        ),
    ]),
  ];
};

/** What would repair it, and what would not. */
export const optionBlocks = (vm: Pick<VmDiagnosis, "options" | "findings">): readonly string[] => {
  const misleading = vm.findings.flatMap((finding) => (finding.repaired ? [] : finding.misleading));
  const best = recommended(vm);
  return [
    ...(vm.options.length === 0 ? [] : ["## Options"]),
    ...vm.options.flatMap((option, index) => [
      `### Option ${optionLetter(index)}: ${prose(option.title)}${option === best ? " (recommended)" : ""}`,
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

const nextSteps = (vm: VmDiagnosis): readonly string[] => {
  const [first] = vm.options;
  const questions = [...new Set(vm.hypotheses.map(({ question }) => question))];
  const steps = [
    ...(first === undefined ? [] : [`Apply option A: ${prose(first.title)}.`]),
    ...(first === undefined
      ? []
      : [
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

/** What does not count, because a configuration says so: it stays countable. */
export const suppressedBlocks = (
  { suppressed }: Pick<VmDiagnosis, "suppressed">,
  { suppressions }: Report["diagnosis"],
): readonly string[] =>
  suppressed.length === 0 || suppressions === undefined
    ? []
    : [
        "## Suppressed",
        `${prose(suppressedHeadline(suppressed.length, suppressions.file))}:`,
        list(suppressed.map((one) => prose(suppressionLine(one)))),
      ];

/** Everything that was cited, by number. */
export const evidence = (numbers: EvidenceNumbers, zone: string): readonly string[] => {
  const cited = numbers.cited();
  if (cited.length === 0) return [];
  return [
    "## Evidence",
    cited
      .map(({ id, ref }) => {
        const cursor = ref.kind === "journal" ? `  \n  cursor ${code(ref.cursor)}` : "";
        return `- **[${id}]** ${code(evidenceLine(ref, zone, numbers))}${cursor}`;
      })
      .join("\n"),
  ];
};

const coverage = (report: Report): readonly string[] => [
  "## Coverage",
  ledgerList(report),
  ...notAsked(report),
];

const ledgerList = ({ diagnosis, zone }: Report): string => {
  const lines = list(
    ledgerLines(diagnosis.ledger, zone).map(({ ids, text }) => `**[${ids}]** ${prose(text)}`),
  );
  if (diagnosis.gaps.length > 0) return lines;
  return skippedCount(diagnosis.vms) === undefined
    ? `Everything that a rule asks for could be read.\n\n${lines}`
    : `Everything could be read that a report has to rest on.\n\n${lines}`;
};

/** Rules that were not asked, by number at least, and suppressions that no longer hold. */
export const notAsked = ({ diagnosis, showSkipped }: Report): readonly string[] => {
  const { vms } = diagnosis;
  const count = skippedCount(vms);
  return [
    ...(count === undefined ? [] : [`${count}${showSkipped ? ":" : "."}`]),
    ...listed(showSkipped ? skippedLines(vms) : []),
    ...listed(expiredLines(diagnosis)),
  ];
};

const listed = (lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [list(lines.map(prose))];

const argument = (
  { text, evidence: refs }: Argument,
  numbers: EvidenceNumbers,
  zone: string,
): string => `${prose(sentence(text, zone))}${cites(refs, numbers)}`;

const cites = (refs: Argument["evidence"], numbers: EvidenceNumbers): string => {
  const ids = numbers.idsOf(refs);
  return ids.length === 0 ? "" : ` [${ids.join(", ")}]`;
};

const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
