import type { NextStart, Stop, VmDiagnosis } from "../diagnosis/finding.ts";
import type { Report } from "./report.ts";
import { findingList } from "./text/findings.ts";
import { optionList, suppressedList } from "./text/options.ts";
import { sources } from "./text/sources.ts";
import { prose, telling, type Telling, type TextOptions } from "./text/telling.ts";
import { ways } from "./text/ways.ts";
import { plain, withoutVms } from "./words.ts";

/** Whether the next start of each VM would get its secrets, and where each would stop. */
export const renderCheck = (report: Report, options: TextOptions): string => {
  const tell = telling(report, options);
  const { out } = tell;
  for (const [index, vm] of report.diagnosis.vms.entries()) {
    if (index > 0) out.line("");
    nextStart(tell, vm, report);
  }
  if (report.diagnosis.vms.length === 0) out.paragraph(withoutVms(report.diagnosis), "", "  ");
  sources(tell, report);
  return out.text();
};

export const ANSWER: Readonly<Record<NextStart["prediction"], string>> = {
  yes: "the next start would get its secrets",
  no: "the next start would NOT get its secrets",
  unknown: "whether the next start would get its secrets is UNKNOWN",
  "none-wanted": "no secret is wanted, and nothing stands in the way of a start",
};

const nextStart = (
  tell: Telling,
  { vm, nextStart: next }: VmDiagnosis,
  { diagnosis }: Report,
): void => {
  const { out } = tell;
  const { paint } = out;
  const host = diagnosis.host === undefined ? "" : ` on ${plain(diagnosis.host.name)}`;
  const colour =
    next.prediction === "no"
      ? paint.red
      : next.prediction === "unknown"
        ? paint.yellow
        : paint.green;
  out.paragraph(`${paint.bold(vm)}${host}: ${colour.bold(ANSWER[next.prediction])}`, "", "  ");
  if (next.stops.length === 0) out.paragraph(prose(tell, next.basis), "  ");
  for (const stop of next.stops) out.paragraph(tell.names.short(stopLine(stop)), "  ", "    ");
  ways(out, next.stages);
  findingList(tell, next.findings);
  optionList(out, next);
  suppressedList(out, next, diagnosis);
};

/** `api-key would stop at access: /run/secrets/api-key [access/file-mode]` */
export const stopLine = ({ secret, stage, component, rule }: Stop): string =>
  `${plain(secret)} would stop at ${stage}${component === undefined ? "" : `: ${plain(component)}`}${rule === undefined ? "" : ` [${rule}]`}`;
