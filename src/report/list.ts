import type { Glance } from "../diagnosis/glance.ts";
import type { Gap } from "../evidence/evidence.ts";
import type { VmName } from "../vocabulary.ts";
import { CELLS, HEADS } from "./list-cells.ts";
import { cell } from "./markdown-text.ts";
import { page, type Page, type PageOptions } from "./page.ts";
import type { Report } from "./report.ts";
import { plain, withoutVms } from "./words.ts";

/** A line for each VM, what is broken first; then what the lines do not tell. */
export const renderList = (report: Report, options: PageOptions): string => {
  const out = page(options);
  const { glances } = report.diagnosis;
  if (glances.length === 0) out.paragraph(withoutVms(report.diagnosis), "", "  ");
  else addTable(out, glances);
  for (const text of listNotes(report)) out.paragraph(text, "", "  ");
  return out.text();
};

/** The same as a table. */
export const renderListMarkdown = (report: Report): string => {
  const { glances } = report.diagnosis;
  const notes = listNotes(report);
  return [
    `| ${HEADS.join(" | ")} |`,
    `|${HEADS.map(() => "---|").join("")}`,
    ...glances.map((glance) => `| ${CELLS.map((of) => cell(of(glance))).join(" | ")} |`),
    "",
    ...notes.flatMap((note) => [cell(note), ""]),
  ].join("\n");
};

/** The last column is cut where the page ends, but has room for so much. */
const LEAST_LAST = 10;

const addTable = (out: Page, glances: readonly Glance[]): void => {
  const rows = [HEADS, ...glances.map((glance) => CELLS.map((of) => of(glance)))];
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const last = widths.length - 1;
  const upToLast = (gap: number): number =>
    widths.slice(0, last).reduce((sum, width) => sum + width + gap, 0);
  const gap = upToLast(2) + (widths[last] ?? 0) <= out.width ? 2 : 1;
  const room = Math.max(LEAST_LAST, out.width - upToLast(gap));
  for (const row of rows)
    out.line(
      row
        .map((text, column) =>
          column === last ? cut(text, room, out) : text.padEnd(widths[column] ?? 0),
        )
        .join(" ".repeat(gap)),
    );
};

const cut = (text: string, room: number, { unicode }: Page): string => {
  if (text.length <= room) return text;
  const dots = unicode ? "…" : "...";
  return `${text.slice(0, room - dots.length)}${dots}`;
};

/** What the lines of a list do not tell, a sentence each. */
export const listNotes = ({ diagnosis }: Report): readonly string[] => {
  const { gaps, glances, mostDiagnosed } = diagnosis;
  const left = causesLeft(glances);
  return [
    ...(left.length === 0
      ? []
      : [
          `A cause was looked for in ${mostDiagnosed ?? 0} of the VMs that are not well (--causes=N looks in N), and not in ${some(left)}.`,
        ]),
    ...gaps
      .filter(({ vm }) => vm === undefined)
      .map(({ source, reason }) => `Gap, ${source}: ${plain(reason)}.`),
    ...gapsOfVms(gaps),
  ];
};

/** VMs that are not well and in which no cause was looked for, because others were looked at before. */
export const causesLeft = (glances: readonly Glance[]): readonly VmName[] =>
  glances.flatMap(({ vm, cause }) =>
    cause.status === "not-sought" && cause.why === "limit" ? [vm] : [],
  );

const gapsOfVms = (gaps: readonly Gap[]): readonly string[] => {
  const vms = [...new Set(gaps.flatMap(({ vm }) => vm ?? []))];
  return vms.length === 0
    ? []
    : [`Not all could be looked at of ${some(vms)}: diagnose tells what.`];
};

const MOST_NAMED = 4;

/** The first names of many, and how many more there are. */
const some = (vms: readonly VmName[]): string =>
  vms.length <= MOST_NAMED + 1
    ? vms.map(plain).join(", ")
    : `${vms.slice(0, MOST_NAMED).map(plain).join(", ")} and ${vms.length - MOST_NAMED} more`;
