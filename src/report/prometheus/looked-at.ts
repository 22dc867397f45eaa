import type { SecretStages } from "../../diagnosis/finding.ts";
import { STAGES, type Severity, type StageState } from "../../vocabulary.ts";
import { isComplete, type JudgedVm, type JudgedView } from "../judged.ts";
import type { Report } from "../report.ts";
import { counted, type Family, type Sample } from "./exposition.ts";

type Labels = Readonly<Record<string, string>>;

/** One host with what its samples are called by. */
export interface LookedAt {
  readonly report: Report;
  readonly labels: Labels;
  readonly vms: readonly LabelledVm[];
}

export interface LabelledVm {
  readonly judged: JudgedVm;
  readonly labels: Labels;
}

const SEVERITY: Readonly<Record<Severity, true>> = {
  critical: true,
  error: true,
  warning: true,
  info: true,
};
const STATE: Readonly<Record<StageState, true>> = {
  ok: true,
  broken: true,
  unknown: true,
  "not-reached": true,
  "not-configured": true,
};
const OUTCOME: Readonly<Record<JudgedVm["outcomes"][number]["status"], true>> = {
  fired: true,
  silent: true,
  skipped: true,
  error: true,
};

/** One sample for each host. */
export const perHost = (
  hosts: readonly LookedAt[],
  valueOf: (report: Report) => number,
): readonly Sample[] => hosts.map(({ report, labels }) => ({ labels, value: valueOf(report) }));

/** The samples of each VM of each host. */
export const perVm = (
  hosts: readonly LookedAt[],
  samplesOf: (vm: LabelledVm) => readonly Sample[],
): readonly Sample[] => hosts.flatMap(({ vms }) => vms.flatMap(samplesOf));

/** When the report was made, and whether it can say "nothing". */
export const reportFamilies = (
  prefix: string,
  hosts: readonly LookedAt[],
  view: JudgedView,
): readonly Family[] => [
  {
    name: `${prefix}_report_timestamp_seconds`,
    help: "When the report was made, in seconds since 1970-01-01 UTC.",
    samples: perHost(hosts, ({ generatedAt }) => generatedAt / 1_000_000),
  },
  {
    name: `${prefix}_complete`,
    help: "1 where everything could be looked at that decides, 0 where nothing found says nothing.",
    samples: perHost(hosts, (report) => (isComplete(report, view) ? 1 : 0)),
  },
];

/** What was found, and by how many rules it was looked for. */
export const findingFamilies = (prefix: string, hosts: readonly LookedAt[]): readonly Family[] => [
  {
    name: `${prefix}_findings`,
    help: "How many findings of a severity there are that are not suppressed.",
    samples: perVm(hosts, ({ judged, labels }) =>
      counted(
        labels,
        "severity",
        SEVERITY,
        judged.findings.map(({ severity }) => severity),
      ),
    ),
  },
  {
    name: `${prefix}_rule_findings`,
    help: "How many findings of a rule there are that are not suppressed; a rule without any has no sample.",
    samples: perVm(hosts, ruleSamples),
  },
  {
    name: `${prefix}_suppressed_findings`,
    help: "How many findings are suppressed.",
    samples: perVm(hosts, ({ judged, labels }) => [{ labels, value: judged.suppressed.length }]),
  },
  {
    name: `${prefix}_rules`,
    help: "How many rules found something, found nothing, were not asked, or failed.",
    samples: perVm(hosts, ({ judged, labels }) =>
      counted(
        labels,
        "outcome",
        OUTCOME,
        judged.outcomes.map(({ status }) => status),
      ),
    ),
  },
];

/** In the order of the rules, whatever order they were found in. */
const ruleSamples = ({ judged: { findings }, labels }: LabelledVm): readonly Sample[] => {
  const samples = new Map<string, Sample>();
  for (const { id: rule, severity, role } of findings) {
    const key = `${rule} ${severity} ${role}`;
    const value = (samples.get(key)?.value ?? 0) + 1;
    samples.set(key, { labels: { ...labels, rule, severity, role }, value });
  }
  return [...samples].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sample]) => sample);
};

/** How far the secrets of a VM come; their names are no labels. */
export const secretFamily = (
  prefix: string,
  hosts: readonly LookedAt[],
  stagesOf: (judged: JudgedVm) => readonly SecretStages[],
): Family => ({
  name: `${prefix}_secrets`,
  help: "For how many secrets a stage of the way into the guest is in a state.",
  samples: perVm(hosts, ({ judged, labels }) =>
    STAGES.flatMap((stage) =>
      counted(
        { ...labels, stage },
        "state",
        STATE,
        stagesOf(judged).map(({ stages }) => stages[stage]),
      ),
    ),
  ),
});
