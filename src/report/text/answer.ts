import type { Diagnosis } from "../../diagnosis/diagnose.ts";
import type { Finding, VmDiagnosis } from "../../diagnosis/finding.ts";
import { formatTime } from "../../time/format-time.ts";
import { clipped, type Page } from "../page.ts";
import { recommended } from "../recommended.ts";
import type { Report } from "../report.ts";
import { plain, sentence } from "../words.ts";
import { prose, type Telling } from "./telling.ts";

const STATUS_WORD: Readonly<Record<VmDiagnosis["status"], string>> = {
  failing: "FAILING",
  degraded: "DEGRADED",
  healthy: "healthy",
  stopped: "stopped",
  unknown: "UNKNOWN",
};

const INDENT = "  ";

/**
 * The answer in three lines: how the VM is and since when, what is broken, what to do. A line that does not fit is cut; all of it stands
 * among the findings and options. What else is or was broken follows.
 */
export const answer = (tell: Telling, vm: VmDiagnosis, report: Report): void => {
  const { out } = tell;
  out.paragraph(headline(out, vm, report), "", INDENT);
  const { now, before } = rootsOf(vm);
  const broken = now.length > 0 ? now : symptomsOf(vm);
  const [first, ...others] = broken;
  if (first === undefined)
    for (const line of unexplained(vm)) out.paragraph(line, INDENT, `${INDENT}  `);
  else if (now.length > 0) labelled(tell, "Cause", first.title, tail(others.length));
  else labelled(tell, "Seen", first.title, vm.status === "failing" ? " (why is not known)" : "");
  const named = first ?? before[0];
  if (named !== undefined) repair(tell, vm, named);
  for (const one of others) labelled(tell, "Also", one.title);
  for (const one of before) labelled(tell, "Earlier", one.title, phaseOf(one));
};

/** The option to take, or where the rule tells what a person can do. */
const repair = (tell: Telling, vm: VmDiagnosis, { id }: Finding): void => {
  const option = recommended(vm);
  if (option === undefined) labelled(tell, "Repair", `mvdoctor explain ${id} tells how`);
  else labelled(tell, "Repair", option.title, " (option A)");
};

const headline = (out: Page, vm: VmDiagnosis, { diagnosis, zone }: Report): string => {
  const host = diagnosis.host === undefined ? "" : ` on ${plain(diagnosis.host.name)}`;
  return `${out.paint.bold(vm.vm)}${host}: ${statusWord(out, vm)}${sinceWords(vm, zone)}`;
};

const statusWord = ({ paint }: Page, { status }: VmDiagnosis): string => {
  const colour =
    status === "failing" ? paint.red : status === "healthy" ? paint.green : paint.yellow;
  return colour.bold(STATUS_WORD[status]);
};

const sinceWords = ({ since, status }: VmDiagnosis, zone: string): string =>
  since === undefined || status === "stopped"
    ? ""
    : `, ${status === "healthy" ? "" : "at least "}since ${formatTime(since, zone)}`;

/** One line for each VM; never cut, since another program may read it. */
export const briefLine = (out: Page, vm: VmDiagnosis, report: Report): void => {
  out.line(`${headline(out, vm, report)}${why(vm, report.zone)}`);
};

const why = (vm: VmDiagnosis, zone: string): string => {
  const { now } = rootsOf(vm);
  const [first] = now;
  if (first !== undefined)
    return `: ${sentence(first.title, zone)} [${first.id}]${tail(now.length - 1)}`;
  return vm.status === "healthy" ? "" : `: ${unexplained(vm)[0] ?? "why is not known"}`;
};

/** How several VMs are, before each has its own pages. */
export const overview = (out: Page, report: Report): void => {
  const { vms, host } = report.diagnosis;
  const counts = Object.entries(STATUS_WORD).flatMap(([status, word]) => {
    const count = vms.filter((vm) => vm.status === status).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  out.paragraph(
    `${vms.length} VMs${host === undefined ? "" : ` on ${plain(host.name)}`}: ${counts.join(", ")}`,
    "",
    INDENT,
  );
  for (const vm of worstFirst(vms)) {
    const words = `: ${STATUS_WORD[vm.status]}${sinceWords(vm, report.zone)}${why(vm, report.zone)}`;
    const shown = clipped(`${vm.vm}${words}`, out.width - INDENT.length);
    out.line(`${INDENT}${shown.replace(STATUS_WORD[vm.status], () => statusWord(out, vm))}`);
  }
  out.line("");
};

/** `Cause: what it is (tail)`, in one line. */
const labelled = (tell: Telling, label: string, text: string, end = ""): void => {
  const { out } = tell;
  const words = prose(tell, plain(text));
  const room = out.width - INDENT.length - label.length - 2 - end.length;
  out.line(`${INDENT}${out.paint.bold(`${label}:`)} ${clipped(words, room)}${end}`);
};

const tail = (more: number): string => (more === 0 ? "" : ` (and ${more} more)`);
const phaseOf = ({ scope }: Finding): string => ` (phase ${scope.phase ?? "?"})`;

/** What is wrong with a VM of which no cause is known. */
const symptomsOf = ({ findings, status }: VmDiagnosis): readonly Finding[] => {
  const severity = { failing: "error", degraded: "warning" } as const;
  return status === "failing" || status === "degraded"
    ? findings.filter(({ scope, ...one }) => scope.inForce && one.severity === severity[status])
    : [];
};

const rootsOf = ({ findings }: Pick<VmDiagnosis, "findings">) => {
  const roots = findings.filter(({ role }) => role === "root-cause");
  return {
    now: roots.filter(({ scope }) => scope.inForce),
    before: roots.filter(({ scope }) => !scope.inForce),
  };
};

/** What is broken and what to do, for somebody who reads no further. */
export const answerLines = (vm: VmDiagnosis): readonly string[] => {
  const { now, before } = rootsOf(vm);
  const first = recommended(vm);
  if (now.length + before.length === 0) return unexplained(vm);
  return [
    ...now.map(({ title, id }) => `Cause: ${plain(title)} [${id}]`),
    ...before.map(
      ({ title, id, scope }) => `Earlier (phase ${scope.phase ?? "?"}): ${plain(title)} [${id}]`,
    ),
    ...(first === undefined ? [] : [`Repair: ${plain(first.title)} (option A below)`]),
  ];
};

const unexplained = (vm: VmDiagnosis): readonly string[] => {
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
      return symptomsOf(vm).map(({ title, id }) => `${plain(title)} [${id}]`);
    case "failing":
      return symptomsOf(vm).map(({ title, id }) => `${plain(title)}; why is not known [${id}]`);
  }
};

const exception = ({ suppressed }: VmDiagnosis): string =>
  suppressed.length === 0 ? "" : ", but for what is suppressed";

const RANK: readonly VmDiagnosis["status"][] = [
  "failing",
  "degraded",
  "unknown",
  "stopped",
  "healthy",
];

/** In the order in which somebody has to look at them; equal ones in the order asked for. */
export const worstFirst = (vms: readonly VmDiagnosis[]): readonly VmDiagnosis[] =>
  vms.toSorted((a, b) => RANK.indexOf(a.status) - RANK.indexOf(b.status));

/** What stands above the pages of one host: of several VMs, how each is. */
export const isWorthAnOverview = ({ vms }: Pick<Diagnosis, "vms">): boolean => vms.length > 1;
