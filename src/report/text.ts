import type { Diagnosis } from "../diagnosis/diagnose.ts";
import type { Finding, SecretStages, VmDiagnosis } from "../diagnosis/finding.ts";
import { formatClock, formatDuration, formatTime } from "../time/format-time.ts";
import { STAGES, type StageState } from "../vocabulary.ts";
import { evidenceNumbers, type EvidenceNumbers } from "./evidence-numbers.ts";
import { ledgerLines } from "./ledger.ts";
import { page, type Page, type PageOptions } from "./page.ts";
import { recommended } from "./recommended.ts";
import type { Report } from "./report.ts";
import { skippedCount, skippedLines } from "./skipped.ts";
import { expiredLines, suppressedHeadline, suppressionLine } from "./suppressed.ts";
import { clockLine, evidenceLine, plain, sentence, withoutVms } from "./words.ts";

/** The diagnosis for a terminal: the answer first, then the way of the secrets, the story, the findings and what to do. */
export const renderText = (report: Report, options: PageOptions): string => {
  const out = page(options);
  const { diagnosis, zone } = report;
  const numbers = evidenceNumbers(diagnosis.ledger);
  for (const [index, vm] of diagnosis.vms.entries()) {
    if (index > 0) out.line("");
    vmReport(out, vm, report, numbers);
  }
  if (diagnosis.vms.length === 0) out.paragraph(withoutVms(report.diagnosis), "", "  ");
  evidenceList(out, numbers, zone);
  coverage(out, diagnosis, report);
  return out.text();
};

const vmReport = (out: Page, vm: VmDiagnosis, report: Report, numbers: EvidenceNumbers): void => {
  const { zone } = report;
  headline(out, vm, report);
  everWorked(out, vm, numbers, zone);
  ways(out, vm.stages);
  story(out, vm, zone);
  findingList(out, vm.findings, numbers, zone);
  if (vm.status !== "healthy") {
    transitions(out, vm, numbers, zone);
    hypotheses(out, vm, numbers, zone);
  }
  optionList(out, vm);
  suppressedList(out, vm, report.diagnosis);
};

const STATUS_WORD: Readonly<Record<VmDiagnosis["status"], string>> = {
  failing: "FAILING",
  degraded: "DEGRADED",
  healthy: "healthy",
  stopped: "stopped",
  unknown: "UNKNOWN",
};

const headline = (out: Page, vm: VmDiagnosis, { diagnosis, zone }: Report): void => {
  const { paint } = out;
  const colour =
    vm.status === "failing" ? paint.red : vm.status === "healthy" ? paint.green : paint.yellow;
  const host = diagnosis.host === undefined ? "" : ` on ${plain(diagnosis.host.name)}`;
  const since =
    vm.since === undefined || vm.status === "stopped"
      ? ""
      : `, ${vm.status === "healthy" ? "" : "at least "}since ${formatTime(vm.since, zone)}`;
  out.paragraph(
    `${paint.bold(vm.vm)}${host}: ${colour.bold(STATUS_WORD[vm.status])}${since}`,
    "",
    "  ",
  );
  for (const line of answerLines(vm)) out.paragraph(line, "  ", "    ");
};

/** What is broken and what to do, for somebody who reads no further. */
export const answerLines = (vm: VmDiagnosis): readonly string[] => {
  const roots = vm.findings.filter(({ role }) => role === "root-cause");
  const now = roots.filter(({ scope }) => scope.inForce);
  const before = roots.filter(({ scope }) => !scope.inForce);
  const first = recommended(vm);
  if (roots.length === 0) {
    switch (vm.status) {
      case "healthy":
        return [
          vm.stages.every(({ stages }) => stages.guest !== "unknown")
            ? `Nothing stands between this VM and what it is to get${exception(vm)}.`
            : `Nothing was found between this VM and what it is to get${exception(vm)}; what its guest did get is not known of every secret.`,
        ];
      case "stopped":
        return [`It does not run, and nothing shows a fault${exception(vm)}.`];
      case "unknown":
        return ["What could be read does not say how it is."];
      case "degraded":
        return vm.findings
          .filter(({ scope, severity }) => scope.inForce && severity === "warning")
          .map(({ title, id }) => `${plain(title)} [${id}]`);
      case "failing":
        return vm.findings
          .filter(({ scope, severity }) => scope.inForce && severity === "error")
          .map(({ title, id }) => `${plain(title)}; why is not known [${id}]`);
    }
  }
  return [
    ...now.map(({ title, id }) => `Cause: ${plain(title)} [${id}]`),
    ...before.map(
      ({ title, id, scope }) => `Earlier (phase ${scope.phase ?? "?"}): ${plain(title)} [${id}]`,
    ),
    ...(first === undefined ? [] : [`Repair: ${plain(first.title)} (option A below)`]),
  ];
};

const exception = ({ suppressed }: VmDiagnosis): string =>
  suppressed.length === 0 ? "" : ", but for what is suppressed";

const everWorked = (out: Page, vm: VmDiagnosis, numbers: EvidenceNumbers, zone: string): void => {
  out.heading(`Did a secret ever reach the guest? ${vm.everWorked.answer}`);
  out.paragraph(
    `${sentence(vm.everWorked.basis, zone)}${cites(vm.everWorked.evidence, numbers)}`,
    "  ",
  );
};

const STATE_WORD: Readonly<Record<StageState, string>> = {
  ok: "ok",
  broken: "BROKEN",
  unknown: "unknown",
  "not-reached": "-",
  "not-configured": "not used",
};

/** A row for each secret, a column for each stage. */
export const ways = (out: Page, stages: readonly SecretStages[]): void => {
  if (stages.length === 0) return;
  out.heading("The way of each secret");
  const names = stages.map(({ secret }) => shortened(plain(secret), 20));
  const first = Math.max(6, ...names.map((name) => name.length));
  const widths = STAGES.map((stage) => Math.max(stage.length, 8));
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(index === 0 ? first : (widths[index - 1] ?? 8)))
      .join(" ");
  out.line(`  ${row(["secret", ...STAGES])}`);
  for (const [index, { stages: states }] of stages.entries()) {
    const line = row([names[index] ?? "", ...STAGES.map((stage) => STATE_WORD[states[stage]])]);
    out.line(`  ${line.replace("BROKEN", out.paint.red.bold("BROKEN"))}`);
  }
};

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 3)}...` : text;

const story = (out: Page, vm: VmDiagnosis, zone: string): void => {
  if (vm.phases.length === 0) return;
  out.heading("What happened");
  for (const phase of vm.phases) {
    const end =
      phase.end === undefined
        ? "to the end"
        : `to ${formatClock(phase.end, zone, { precision: "seconds" })} (${formatDuration(phase.end - phase.start)})`;
    out.paragraph(
      out.paint.bold(
        `${phase.index}. ${formatTime(phase.start, zone)} ${end}: ${plain(phase.title)}`,
      ),
      "  ",
      "     ",
    );
    if (phase.configuration !== "") out.paragraph(sentence(phase.configuration, zone), "     ");
    if (phase.provenance !== undefined)
      out.paragraph(sentence(phase.provenance.text, zone), "     ");
    out.paragraph(sentence(phase.result, zone), "     ");
    for (const quote of phase.quotes) out.paragraph(clockLine(quote, zone), "     | ", "     |   ");
  }
};

const ROLE_WORD: Readonly<Record<Finding["role"], string>> = {
  "root-cause": "ROOT CAUSE",
  contributing: "contributing",
  consequence: "consequence",
  risk: "RISK",
  note: "note",
};

/** Each finding with its explanation, its evidence and what caused it. */
export const findingList = (
  out: Page,
  found: readonly Finding[],
  numbers: EvidenceNumbers,
  zone: string,
): void => {
  if (found.length === 0) return;
  out.heading("Findings");
  for (const finding of found) {
    const { paint } = out;
    const role = ROLE_WORD[finding.role];
    const painted =
      finding.role === "root-cause" || finding.role === "risk" ? paint.red.bold(role) : role;
    const phase = finding.scope.phase === undefined ? "" : `, phase ${finding.scope.phase}`;
    const state = finding.repaired ? "repaired since" : `${finding.severity}, ${finding.certainty}`;
    out.line(`  ${painted} ${paint.cyan(finding.id)} (${state}${phase})`);
    out.paragraph(paint.bold(sentence(finding.title, zone)), "    ");
    out.paragraph(
      `${sentence(finding.explanation, zone)}${cites(finding.evidence, numbers)}`,
      "    ",
    );
    for (const cause of finding.causedBy) {
      out.paragraph(`Caused by ${paint.cyan(cause.id)}: ${cause.how}.`, "    ");
    }
    out.line();
  }
};

const transitions = (out: Page, vm: VmDiagnosis, numbers: EvidenceNumbers, zone: string): void => {
  if (vm.transitions.length === 0) return;
  out.line(out.paint.bold("What changed"));
  for (const { from, to, changes } of vm.transitions) {
    out.line(`  From phase ${from} to phase ${to}:`);
    for (const change of changes) {
      out.paragraph(
        `${sentence(change.text, zone)}${cites(change.evidence, numbers)}`,
        "  - ",
        "    ",
      );
    }
  }
};

const hypotheses = (out: Page, vm: VmDiagnosis, numbers: EvidenceNumbers, zone: string): void => {
  for (const question of new Set(vm.hypotheses.map((one) => one.question))) {
    out.heading(`Open: ${sentence(question, zone)}`);
    for (const one of vm.hypotheses.filter((hypothesis) => hypothesis.question === question)) {
      out.paragraph(`[${one.state}] ${sentence(one.claim, zone)}.`, "  ", "    ");
      for (const { text, evidence: refs } of one.for) {
        out.paragraph(`for: ${sentence(text, zone)}${cites(refs, numbers)}`, "    + ", "      ");
      }
      for (const { text, evidence: refs } of one.against) {
        out.paragraph(
          `against: ${sentence(text, zone)}${cites(refs, numbers)}`,
          "    - ",
          "      ",
        );
      }
      out.paragraph(`decide by: ${one.decideBy}`, "    ? ", "      ");
    }
  }
};

export const optionLetter = (index: number): string => String.fromCodePoint(65 + index);

/** What would repair it, best first, with what each option clears, leaves and costs. */
export const optionList = (
  out: Page,
  { options, findings: found }: Pick<VmDiagnosis, "options" | "findings">,
): void => {
  if (options.length > 0) out.heading("What to do");
  const best = recommended({ options, findings: found });
  for (const [index, option] of options.entries()) {
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

/** Everything that was cited, by number. */
export const evidenceList = (out: Page, numbers: EvidenceNumbers, zone: string): void => {
  const cited = numbers.cited();
  if (cited.length === 0) return;
  out.heading("Evidence");
  for (const { id, ref } of cited) {
    out.paragraph(evidenceLine(ref, zone, numbers), `  ${`[${id}]`.padEnd(6)} `, "         ");
  }
};

/** What was looked at, line by line with what was missing, and when the report was made. */
export const coverage = (out: Page, diagnosis: Diagnosis, report: Report): void => {
  const { ledger, complete, vms } = diagnosis;
  out.heading("What was looked at");
  for (const { ids, text } of ledgerLines(ledger, report.zone))
    out.paragraph(text, `  ${`[${ids}]`.padEnd(6)} `, "         ");
  if (!complete)
    out.paragraph("So the picture is incomplete: what is not found may still be there.", "  ");
  const skipped = skippedCount(vms);
  if (skipped !== undefined)
    out.paragraph(`${skipped}${report.showSkipped ? ":" : "; --show-skipped lists them."}`, "  ");
  for (const line of report.showSkipped ? skippedLines(vms) : [])
    out.paragraph(line, "  - ", "    ");
  for (const line of expiredLines(diagnosis)) out.paragraph(line, "  ", "    ");
  const failed = vms.flatMap(({ outcomes }) => outcomes.filter(({ status }) => status === "error"));
  for (const outcome of failed) {
    out.paragraph(
      `The rule ${outcome.id} failed; this is a fault of mvdoctor, please report it.`,
      "  ",
    );
  }
  out.paragraph(
    `Report of ${formatTime(report.generatedAt, report.zone)}. mvdoctor explain ID tells more about a rule.`,
    "  ",
  );
};

const cites = (refs: Parameters<EvidenceNumbers["idsOf"]>[0], numbers: EvidenceNumbers): string => {
  const ids = numbers.idsOf(refs);
  return ids.length === 0 ? "" : ` [${ids.join(" ")}]`;
};
