import type { Host } from "../host/host.ts";
import { readInputFile } from "../host/input-file.ts";
import { renderJson } from "../report/json.ts";
import { parseReportFile, type ReportFile, type ReportedEvidence } from "../report/report-file.ts";
import type { CheckedEvidence, CheckedFinding, Verification } from "../report/verification.ts";
import { checkEvidence, type Check } from "./check-evidence.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import { openSource } from "./open-source.ts";
import type { Refusal, Request } from "./request.ts";

export type VerifyAnswer =
  | { readonly status: "verified"; readonly verification: Verification }
  | Refusal;

/**
 * Looks at the evidence of each finding of a report again, in the source of the request and the report's own span of time, and whether
 * the rules still come to it.
 */
export const verify = async (
  file: string,
  request: Omit<Request, "vms">,
): Promise<VerifyAnswer> => {
  const read = await readInputFile(file);
  if (read.status !== "read")
    return { status: "wrong-usage", message: `${file} cannot be read: ${read.why}` };
  const parsed = parseReportFile(read.text);
  if (parsed.status === "wrong")
    return {
      status: "wrong-usage",
      message: `${file} cannot be verified: ${parsed.why}`,
      hint: "verify takes what diagnose --json wrote",
    };
  const { report } = parsed;
  const opened = await openSource(
    request.source,
    report.vms.map(({ vm }) => vm),
  );
  if (opened.status !== "opened") return opened;
  try {
    return await verifyOn(opened.hosts, report, { file, request });
  } finally {
    await opened.close();
  }
};

const verifyOn = async (
  hosts: readonly [Host, ...Host[]],
  report: ReportFile,
  { file, request }: { readonly file: string; readonly request: Omit<Request, "vms"> },
): Promise<VerifyAnswer> => {
  const { since, until } = report.window;
  const answer = await diagnoseHosts(hosts, {
    ...request,
    vms: [...new Set(report.vms.map(({ vm }) => vm))],
    times: {
      ...request.times,
      since: request.times.since ?? since ?? undefined,
      until: request.times.until ?? until ?? undefined,
      now: request.times.now ?? report.generatedAt,
    },
  });
  if (answer.status !== "diagnosed") return answer;
  const again = parseReportFile(renderJson(answer.reports));
  if (again.status === "wrong") throw new TypeError(`our own report is none: ${again.why}`);
  return {
    status: "verified",
    verification: { file, findings: await checkedFindings(report, again.report, hosts) },
  };
};

const checkedFindings = async (
  report: ReportFile,
  again: ReportFile,
  hosts: readonly [Host, ...Host[]],
): Promise<readonly CheckedFinding[]> => {
  const checked = new Map<string, Promise<Check>>();
  const cited = new Set(again.evidence.map(essence));
  const check = (evidence: ReportedEvidence): Promise<Check> => {
    const known = checked.get(evidence.id);
    if (known !== undefined) return known;
    // What a new look at the host cites just so was seen again.
    const fresh = cited.has(essence(evidence))
      ? Promise.resolve<Check>({ state: "holds" })
      : checkOn(hosts, evidence, again.evidence);
    checked.set(evidence.id, fresh);
    return fresh;
  };
  const byId = new Map(report.evidence.map((evidence) => [evidence.id, evidence]));
  const all = await Promise.all(
    report.vms.flatMap(({ vm, host, findings }) =>
      findings.map(async (finding): Promise<CheckedFinding> => {
        const evidence = await Promise.all(
          finding.evidence.map(async (id): Promise<CheckedEvidence> => {
            const one = byId.get(id);
            return one === undefined
              ? { id, what: "nothing", state: "unknown", why: "the report does not hold it" }
              : { id, what: nameOf(one), ...(await check(one)) };
          }),
        );
        return {
          vm,
          ...(host === undefined ? {} : { host }),
          id: finding.id,
          title: finding.title,
          verdict: verdictOf(evidence),
          isFoundAgain: again.vms.some(
            (other) =>
              other.vm === vm &&
              other.host === host &&
              other.findings.some(({ id, phase }) => id === finding.id && phase === finding.phase),
          ),
          evidence,
        };
      }),
    ),
  );
  return VERDICTS.flatMap((wanted) => all.filter(({ verdict }) => verdict === wanted));
};

/** What does not hold is what somebody looks for. */
const VERDICTS = ["no-longer-holds", "unknown", "holds"] as const;

/** Evidence of one host among several: the one that has it, since a report tells hosts apart by names that they may have lost. */
const checkOn = async (
  hosts: readonly [Host, ...Host[]],
  evidence: ReportedEvidence,
  cited: readonly ReportedEvidence[],
): Promise<Check> => {
  const checks = await Promise.all(hosts.map((host) => checkEvidence(host, evidence, cited)));
  return checks.find(({ state }) => state === "holds") ?? checks[0] ?? { state: "holds" };
};

const verdictOf = (evidence: readonly CheckedEvidence[]): CheckedFinding["verdict"] => {
  if (evidence.some(({ state }) => state === "changed" || state === "gone"))
    return "no-longer-holds";
  return evidence.some(({ state }) => state === "unknown") ? "unknown" : "holds";
};

/** A piece of evidence without the number that one report gave it. */
const essence = (evidence: ReportedEvidence): string => JSON.stringify({ ...evidence, id: "" });

const nameOf = (evidence: ReportedEvidence): string => {
  switch (evidence.kind) {
    case "journal":
      return evidence.text;
    case "file":
      return evidence.path;
    case "command":
      return evidence.argv.join(" ");
    case "coverage":
      return `coverage of the ${evidence.source}: ${evidence.text}`;
  }
};
