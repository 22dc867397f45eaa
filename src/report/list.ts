import { jsonText } from "./printable.ts";
import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { formatTime, formatUtc } from "../time/format-time.ts";
import { jsonLookedAt } from "./looked-at-json.ts";
import { cell } from "./markdown-text.ts";
import { page, type PageOptions } from "./page.ts";
import type { Report, Reports } from "./report.ts";
import type { list } from "./schema/list.ts";
import type { Written } from "./schema/pieces.ts";
import { plain, withoutVms } from "./words.ts";

export const HEADINGS = ["VM", "STATUS", "SINCE", "SECRETS", "CAUSE"] as const;

/** A line for each VM: how it is, since when, how many of its secrets are known to reach the guest, and why not. */
export const renderList = (report: Report, options: PageOptions): string => {
  const out = page(options);
  const { vms } = report.diagnosis;
  if (vms.length === 0) out.paragraph(withoutVms(report.diagnosis), "", "  ");
  else {
    const rows = [HEADINGS, ...vms.map((vm) => rowOf(vm, report))];
    const widths = HEADINGS.map((_, column) =>
      Math.max(...rows.map((row) => row[column]?.length ?? 0)),
    );
    for (const row of rows)
      out.line(
        row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      );
  }
  const { gaps } = report.diagnosis;
  for (const { source, reason } of gaps.filter(({ vm }) => vm === undefined))
    out.paragraph(`Gap, ${source}: ${plain(reason)}.`, "", "  ");
  const ofVms = [...new Set(gaps.flatMap(({ vm }) => vm ?? []))];
  if (ofVms.length > 0)
    out.paragraph(
      `Not all could be looked at of ${ofVms.map(plain).join(", ")}: diagnose tells what.`,
      "",
      "  ",
    );
  return out.text();
};

/** The same as a table. */
export const renderListMarkdown = (report: Report): string =>
  [
    `| ${HEADINGS.join(" | ")} |`,
    `|${HEADINGS.map(() => "---|").join("")}`,
    ...report.diagnosis.vms.map((vm) => `| ${rowOf(vm, report).map(cell).join(" | ")} |`),
    "",
  ].join("\n");

/** The cells of a VM, in the order of the headings. */
export const rowOf = (vm: VmDiagnosis, { zone }: Report): readonly string[] => [
  plain(vm.vm),
  vm.status,
  vm.since === undefined ? "-" : formatTime(vm.since, zone),
  secretsOf(vm),
  vm.rootCauses[0] ?? "-",
];

/** `2 of 3`: the secrets that the guest is known to have, of those that it is to get. */
const secretsOf = ({ stages }: VmDiagnosis): string =>
  stages.length === 0 ? "-" : `${reaching(stages)} of ${stages.length}`;

const reaching = (stages: VmDiagnosis["stages"]): number =>
  stages.filter(({ stages: { guest } }) => guest === "ok").length;

/** The list for programs. */
export const renderListJson = (reports: Reports): string => {
  const { host, coverage, ...others } = jsonLookedAt(reports);
  const document: Written<typeof list> = {
    schemaVersion: 1,
    generatedAt: formatUtc(reports[0].generatedAt),
    complete: reports.every(({ diagnosis }) => diagnosis.complete),
    host,
    gaps: coverage.gaps,
    ...others,
    vms: reports.flatMap(({ diagnosis }) =>
      diagnosis.vms.map((vm) => ({
        vm: vm.vm,
        ...(reports.length === 1 ? {} : { host: diagnosis.host?.name ?? diagnosis.origin }),
        status: vm.status,
        since: vm.since === undefined ? null : formatUtc(vm.since),
        everWorked: vm.everWorked.answer,
        secrets: { wanted: vm.stages.length, reaching: reaching(vm.stages) },
        rootCauses: vm.rootCauses,
      })),
    ),
  };
  return jsonText(document);
};
