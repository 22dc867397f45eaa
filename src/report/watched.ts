import type { News } from "../diagnosis/news.ts";
import { dayOf, formatClock, formatTime, formatUtc } from "../time/format-time.ts";
import { jsonCited } from "./evidence-json.ts";
import { evidenceNumbers } from "./evidence-numbers.ts";
import { jsonFinding, SCHEMA_VERSION } from "./json.ts";
import { page, type PageOptions } from "./page.ts";
import { jsonLine } from "./printable.ts";
import { hostName, type Report } from "./report.ts";
import { ROLE_WORD } from "./text/findings.ts";
import { plain, sentence } from "./words.ts";

/** Gives the text of one piece of news in the report that it is of; a day stands above the first one of it. */
export const watchedText = (options: PageOptions): ((news: News, report: Report) => string) => {
  let day = "";
  return ({ event, vm, finding }, { generatedAt, zone }) => {
    const out = page(options);
    const { paint } = out;
    const today = dayOf(generatedAt, zone);
    if (today !== day) out.line(paint.dim(`${today} (${formatTime(generatedAt, zone).slice(20)})`));
    day = today;
    const clock = formatClock(generatedAt, zone, { precision: "seconds" });
    const rule = paint.cyan(finding.id);
    out.paragraph(
      event === "resolved"
        ? `${clock} ${paint.bold(plain(vm))} ${paint.green("no longer:")} ${rule}`
        : `${clock} ${paint.bold(plain(vm))} ${event === "already" ? "already so: " : ""}${paint.red(ROLE_WORD[finding.role])} ${rule} (${finding.severity}, ${finding.certainty})`,
      "",
      "    ",
    );
    out.paragraph(sentence(finding.title, zone), "    ");
    const [repair] = finding.remedies;
    if (event !== "resolved" && repair !== undefined)
      out.paragraph(`Repair: ${plain(repair.title)}`, "    ", "      ");
    return out.text();
  };
};

/** The same for programs, a line of JSON: the finding as `diagnose --json` has it, with the evidence that it names. */
export const watchedJson = ({ event, vm, finding, ledger }: News, report: Report): string => {
  const numbers = evidenceNumbers(ledger);
  return jsonLine({
    schemaVersion: SCHEMA_VERSION,
    event: event === "resolved" ? "resolved" : "appeared",
    already: event === "already",
    time: formatUtc(report.generatedAt),
    host: hostName(report),
    vm,
    finding: jsonFinding(finding, numbers),
    evidence: jsonCited(numbers),
  });
};

/** One line that says what is watched, once the first look was taken. */
export const watchedFrom = (report: Report, news: readonly News[]): string => {
  const vms = report.diagnosis.vms.map(({ vm }) => plain(vm));
  const found =
    news.length === 0
      ? "nothing to tell of so far"
      : `${news.length} ${news.length === 1 ? "finding is" : "findings are"} so already`;
  return `watching ${vms.length === 0 ? "for VMs, of which there are none yet" : vms.join(", ")} on ${hostName(report)}: ${found}; Ctrl-C ends`;
};
