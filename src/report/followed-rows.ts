import type { TimelineRow } from "../diagnosis/finding.ts";
import { dayOf, formatClock, formatTime } from "../time/format-time.ts";
import { page, type PageOptions } from "./page.ts";
import { jsonLine, printable } from "./printable.ts";
import { hostName, type Report, type Reports } from "./report.ts";
import { jsonRow } from "./timeline-json.ts";
import { lnavLine } from "./timeline-lnav.ts";
import { wordsOf } from "./timeline-text.ts";
import { plain } from "./words.ts";

export interface FollowOptions extends PageOptions {
  readonly format: "text" | "json" | "lnav";
  /** How many rows are shown of what was before. */
  readonly newest: number;
  readonly pattern?: RegExp | undefined;
}

interface Told {
  readonly vm: string;
  readonly host: string;
  readonly zone: string;
  readonly row: TimelineRow;
}

/** Takes one look after the other, gives the text of the rows that no look before had; of the first look, of the newest ones. */
export const followedRows = (options: FollowOptions): ((reports: Reports) => string) => {
  const known = new Set<string>();
  const show = SHOWS[options.format](options);
  let isFirst = true;
  return (reports) => {
    const fresh = reports
      .flatMap(rowsOf)
      .filter((told) => !known.has(keyOf(told)))
      .toSorted((a, b) => a.row.time - b.row.time);
    for (const told of fresh) known.add(keyOf(told));
    const wanted = fresh.filter(
      ({ row }) => options.pattern === undefined || options.pattern.test(plain(row.text)),
    );
    const shown = isFirst ? wanted.slice(Math.max(0, wanted.length - options.newest)) : wanted;
    isFirst = false;
    return shown.map(show).join("");
  };
};

const rowsOf = (report: Report): readonly Told[] =>
  report.diagnosis.vms.flatMap(({ vm, timeline }) =>
    timeline.map((row) => ({ vm, host: hostName(report), zone: report.zone, row })),
  );

/** A start is first known by its own line and then by systemd's, and is told once. */
const keyOf = ({ vm, host, row }: Told): string =>
  [host, vm, row.kind, row.time, row.text].join("\0");

const SHOWS: Readonly<
  Record<FollowOptions["format"], (options: FollowOptions) => (told: Told) => string>
> = {
  text: (options) => {
    let day = "";
    return ({ vm, zone, row }) => {
      const out = page(options);
      const today = dayOf(row.time, zone);
      if (today !== day)
        out.line(out.paint.dim(`${today} (${formatTime(row.time, zone).slice(20)})`));
      day = today;
      const clock = formatClock(row.time, zone, { precision: "seconds" });
      out.paragraph(
        `${clock} ${out.paint.bold(plain(vm))} ${out.paint.dim(row.kind)}: ${wordsOf(row, zone)}`,
        "",
        "    ",
      );
      return out.text();
    };
  },
  json: () => (told) => jsonLine({ host: told.host, vm: told.vm, ...jsonRow(told.row) }),
  lnav: () => (told) => printable(lnavLine(told.row, told.vm, told.host), { colour: false }),
};
