import type { TimelineRow } from "../diagnosis/finding.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import { formatUtc } from "../time/format-time.ts";
import { printable } from "./printable.ts";
import { hostName, type Reports } from "./report.ts";
import { plain } from "./words.ts";

/**
 * The timeline as a log for lnav(1): a line for each row in logfmt (https://brandur.org/logfmt), which lnav knows without a format file
 * (its `logfmt_log`, since 0.9), in the order of time over all VMs and hosts. Times are UTC.
 */
export const renderTimelineLnav = (reports: Reports): string =>
  printable(
    reports
      .flatMap((report) =>
        report.diagnosis.vms.flatMap(({ vm, timeline }) =>
          timeline.map((row) => ({ row, vm, host: hostName(report) })),
        ),
      )
      .toSorted((a, b) => a.row.time - b.row.time)
      .map(({ row, vm, host }) => lnavLine(row, vm, host))
      .join(""),
    { colour: false },
  );

/** One row as a line. */
export const lnavLine = (row: TimelineRow, vm: string, host: string): string =>
  `${logfmt(fieldsOf(row, vm, host))}\n`;

const LEVEL: Readonly<Record<TimelineRow["kind"], string>> = {
  host: "info",
  operator: "info",
  secrets: "info",
  start: "info",
  guest: "info",
  skipped: "warning",
  end: "warning",
  loop: "error",
};

type Fields = readonly (readonly [string, string | number])[];

const fieldsOf = (row: TimelineRow, vm: string, host: string): Fields => [
  ["time", formatUtc(row.time)],
  ["level", LEVEL[row.kind]],
  ["msg", plain(row.text)],
  ["kind", row.kind],
  ["vm", vm],
  ["host", host],
  ...(row.phase === undefined ? [] : [["phase", row.phase] as const]),
  ...(row.until === undefined ? [] : [["until", formatUtc(row.until)] as const]),
  ...(row.times === undefined ? [] : [["times", row.times] as const]),
  ...(row.loop === undefined
    ? []
    : ([
        ["starts", row.loop.count],
        ["failed", row.loop.failed],
      ] as const)),
  restsOn(row.evidence),
];

const restsOn = (ref: EvidenceRef): readonly [string, string] => {
  switch (ref.kind) {
    case "journal":
      return ["cursor", ref.cursor];
    case "file":
      return ["path", plain(ref.path)];
    case "command":
      return ["command", plain(ref.argv.join(" "))];
    case "coverage":
      return ["coverage", plain(ref.text)];
  }
};

const logfmt = (fields: Fields): string =>
  fields.map(([name, value]) => `${name}=${logfmtValue(String(value))}`).join(" ");

/** Bare where it can be; else in quotes, inside of which a backslash stands before a quote or another one. */
const logfmtValue = (value: string): string =>
  /^[^\s"=\\]+$/u.test(value) ? value : `"${value.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
