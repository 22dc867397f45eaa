import type { TimelineRow, VmDiagnosis } from "../diagnosis/finding.ts";
import { formatClock, formatDuration, formatTime } from "../time/format-time.ts";
import { page, type Page, type PageOptions } from "./page.ts";
import type { Report } from "./report.ts";
import { plain, sentence } from "./words.ts";

/** What happened to each VM, in order, under a heading for each phase. */
export const renderTimeline = ({ diagnosis, zone }: Report, options: PageOptions): string => {
  const out = page(options);
  const { since, until } = diagnosis.window;
  const { first, last } = diagnosis.coverage;
  const [from, to] = [since ?? first, until ?? last];
  out.paragraph(
    from === undefined || to === undefined
      ? "The journal holds nothing to show."
      : `From ${formatTime(from, zone)} to ${formatTime(to, zone)}`,
  );
  for (const vm of diagnosis.vms) vmTimeline(out, vm, zone);
  for (const { since: start, until: end } of distinctHoles(diagnosis.coverage.holes)) {
    out.line();
    out.paragraph(
      `The journal holds no entry of anybody from ${formatTime(start, zone)} to ${formatTime(end, zone)}.`,
    );
  }
  for (const { line, text } of diagnosis.ledger.filter(
    (one) => one.line.kind === "sequence-hole",
  )) {
    out.line();
    out.paragraph(`The ${line.source} lacks entries: ${sentence(text, zone)}.`);
  }
  for (const gap of diagnosis.gaps.filter(({ ref }) => ref === undefined)) {
    out.line();
    out.paragraph(
      `Gap${gap.vm === undefined ? "" : ` for ${gap.vm}`}, ${gap.source}: ${plain(gap.reason)}.`,
      "",
      "  ",
    );
  }
  return out.text();
};

const distinctHoles = <Hole extends { readonly since: number }>(
  holes: readonly Hole[],
): readonly Hole[] =>
  holes.filter((hole, index) => holes.findIndex(({ since }) => since === hole.since) === index);

const vmTimeline = (out: Page, vm: VmDiagnosis, zone: string): void => {
  out.heading(`${vm.vm}: ${vm.status}`);
  if (vm.phases.length === 0) out.line("  no start of this VM in this time");
  let day = "";
  for (const row of vm.timeline.filter(({ phase }) => phase === undefined))
    timelineRow(out, row, zone);
  for (const phase of vm.phases) {
    const start = formatTime(phase.start, zone);
    const date = start.slice(0, 10);
    if (date !== day) out.line(`  ${out.paint.dim(`${date} (${start.slice(20)})`)}`);
    day = date;
    const end = phase.end === undefined ? "" : `, ${formatDuration(phase.end - phase.start)}`;
    out.paragraph(
      out.paint.bold(`Phase ${phase.index}: ${plain(phase.title)}${end}`),
      "  ",
      "    ",
    );
    const rows = vm.timeline.filter((row) => row.phase === phase.index);
    for (const row of rows) timelineRow(out, row, zone);
    if (rows.length === 0) out.paragraph(sentence(phase.result, zone), " ".repeat(14));
  }
};

const timelineRow = (out: Page, row: TimelineRow, zone: string): void => {
  const clock = formatClock(row.time, zone, { precision: "seconds" });
  const text = plain(row.text);
  const until =
    row.until === undefined
      ? ""
      : ` (until ${formatClock(row.until, zone, { precision: "seconds" })})`;
  const painted = row.kind === "loop" || row.kind === "end" ? out.paint.yellow(text) : text;
  out.paragraph(`${painted}${until}`, `    ${clock}  `, " ".repeat(14));
};
