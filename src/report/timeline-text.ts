import type { PhaseAccount, TimelineRow, VmDiagnosis } from "../diagnosis/finding.ts";
import { dayOf, formatClock, formatDuration, formatTime } from "../time/format-time.ts";
import type { Micros } from "../vocabulary.ts";
import { densityStrip } from "./density.ts";
import { page, type Page, type PageOptions } from "./page.ts";
import type { Report } from "./report.ts";
import { storeNames, type StoreNames } from "./text/store-names.ts";
import { storePaths } from "./text/sources.ts";
import { plain, sentence } from "./words.ts";

interface Axis {
  readonly out: Page;
  readonly zone: string;
  readonly names: StoreNames;
  /** The end of what is shown. */
  readonly end: Micros | undefined;
  /** Newest first: what was before the first phase then comes last. */
  readonly isReversed: boolean;
  /** The day of the last row; a new one gets a line. */
  day: string;
}

/** What happened to each VM, in order, under a heading for each phase. */
export const renderTimeline = ({ diagnosis, zone }: Report, options: PageOptions): string => {
  const out = page(options);
  const { since, until } = diagnosis.window;
  const { first, last } = diagnosis.coverage;
  const [from, to] = [since ?? first, until ?? last];
  out.paragraph(
    from === undefined || to === undefined
      ? "The journal holds nothing to show."
      : `From ${formatTime(from, zone)} to ${formatTime(to, zone)} (${formatDuration(to - from)})`,
  );
  const names = storeNames();
  for (const vm of diagnosis.vms) {
    const isReversed = (vm.timeline[0]?.time ?? 0) > (vm.timeline.at(-1)?.time ?? 0);
    vmTimeline({ out, zone, names, end: to, isReversed, day: "" }, vm);
  }
  if (diagnosis.vms.length === 0 && to !== undefined) out.line("There is no row to show.");
  missing(out, { diagnosis, zone });
  storePaths({ out, names });
  return out.text();
};

/** What the axis cannot show, because it is not in the journal. */
const missing = (out: Page, { diagnosis, zone }: Pick<Report, "diagnosis" | "zone">): void => {
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
};

const vmTimeline = (axis: Axis, vm: VmDiagnosis): void => {
  const { out, isReversed } = axis;
  out.heading(`${vm.vm}: ${vm.status}`);
  if (vm.phases.length === 0 && vm.timeline.every(({ phase }) => phase === undefined))
    out.line("  no start of this VM in this time");
  const byPhase = Map.groupBy(vm.timeline, ({ phase }) => phase);
  const rows = (phase: number | undefined): void => {
    for (const row of byPhase.get(phase) ?? []) timelineRow(axis, row);
  };
  if (!isReversed) rows(undefined);
  for (const phase of vm.phases) {
    heading(axis, phase);
    rows(phase.index);
  }
  if (isReversed) rows(undefined);
};

/** The date, where it is another one than that of the row before. */
const newDay = (axis: Axis, time: Micros): void => {
  const { out, zone } = axis;
  const day = dayOf(time, zone);
  if (day !== axis.day)
    out.line(`  ${out.paint.dim(`${day} (${formatTime(time, zone).slice(20)})`)}`);
  axis.day = day;
};

const heading = (axis: Axis, phase: PhaseAccount): void => {
  const { out, names, zone } = axis;
  const { paint } = out;
  const until = phase.end ?? axis.end;
  const length =
    until === undefined || until < phase.start
      ? ""
      : ` (${formatDuration(until - phase.start)}${phase.end === undefined ? " so far" : ""})`;
  const colour = { failing: paint.red, running: paint.green, silent: paint.yellow }[phase.kind];
  if (!axis.isReversed) newDay(axis, phase.start);
  out.line();
  out.paragraph(colour.bold(`Phase ${phase.index}: ${plain(phase.title)}${length}`), "  ", "    ");
  // Why nothing ran; or which runner is behind what follows.
  const told = phase.kind === "silent" ? phase.result : phase.configuration;
  out.paragraph(names.short(sentence(told, zone)), "    ");
};

const WORD: Readonly<Record<TimelineRow["kind"], string>> = {
  host: "host",
  operator: "operator",
  start: "start",
  loop: "loop",
  guest: "guest",
  end: "end",
  skipped: "skipped",
  secrets: "secrets",
};

const LONGEST_WORD = Math.max(...Object.values(WORD).map(({ length }) => length));
const NARROW = 60;
/** Where the words of a row begin, from the second line on. */
const hangingOf = ({ width }: Page): string =>
  " ".repeat(width < NARROW ? 6 : "    00:00:00 ".length + LONGEST_WORD + 1);

const timelineRow = (axis: Axis, row: TimelineRow): void => {
  const { out, zone, names } = axis;
  newDay(axis, row.time);
  const clock = formatClock(row.time, zone, { precision: "seconds" });
  const text = painted(out, row, names.short(wordsOf(row, zone)));
  const word = WORD[row.kind];
  if (out.width < NARROW)
    out.paragraph(`${clock} ${out.paint.dim(`${word}:`)} ${text}`, "    ", hangingOf(out));
  else {
    const padded = out.paint.dim(word.padEnd(LONGEST_WORD));
    out.paragraph(text, `    ${clock} ${padded} `, hangingOf(out));
  }
  if (row.loop !== undefined) loopLines(axis, row, row.loop);
};

const painted = ({ paint }: Page, { kind }: TimelineRow, text: string): string => {
  if (kind === "loop" || kind === "end") return paint.yellow(text);
  return kind === "operator" ? paint.cyan(text) : text;
};

/** What a row says, in the zone. */
export const wordsOf = (row: TimelineRow, zone: string): string => {
  if (row.loop !== undefined) {
    const { count, period, failed } = row.loop;
    const ended = failed === count ? "all failed" : `${failed} failed`;
    return `${count} starts, one every ${formatDuration(period)}, ${ended}${untilOf(row, zone)}`;
  }
  const often = row.times === undefined ? "" : `, ${row.times} times`;
  const started =
    row.alike === true ? "the VM is started, and it goes as before" : "the VM is started";
  const text = row.kind === "start" && row.text === "start" ? started : row.text;
  return `${plain(text)}${often}${untilOf(row, zone)}`;
};

const untilOf = ({ time, until }: TimelineRow, zone: string): string => {
  if (until === undefined) return "";
  const isSameDay = dayOf(time, zone) === dayOf(until, zone);
  return `, until ${isSameDay ? formatClock(until, zone, { precision: "seconds" }) : formatTime(until, zone)}`;
};

/** What a loop says, and how its starts lie in its time. */
const loopLines = (
  { out }: Axis,
  { time, until = time, evidence }: TimelineRow,
  { density }: NonNullable<TimelineRow["loop"]>,
): void => {
  const hanging = hangingOf(out);
  if (evidence.kind === "journal")
    out.paragraph(plain(evidence.text), `${hanging}${out.bar} `, `${hanging}${out.bar} `);
  const strip = densityStrip(density, {
    room: out.width - hanging.length - 2,
    unicode: out.unicode,
  });
  if (strip.parts < 2) return;
  out.line(`${hanging}[${strip.text}]`);
  out.paragraph(
    `each character is ${formatDuration((until - time) / strip.parts)} and has ${strip.most} starts at most`,
    hanging,
  );
};
