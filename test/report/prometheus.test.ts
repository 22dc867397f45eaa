import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/index.ts";
import { exposition } from "../../src/report/prometheus/exposition.ts";
import type { Report, Reports } from "../../src/report/report.ts";
import { parseExposition, type Series } from "../support/exposition.ts";
import { judgedPage, reportsOf } from "../support/judged-pages.ts";

type Asked = Parameters<typeof judgedPage>[2];

const seriesOf = (reports: Reports, asked?: Asked): readonly Series[] =>
  parseExposition(judgedPage(reports, "prometheus", asked).page);

const valueOf = (
  series: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number => {
  const found = series.filter(
    (one) =>
      one.name === name &&
      Object.entries(labels).every(([label, words]) => one.labels.get(label) === words),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} series of ${name}`);
  return only.value;
};

const incident = await reportsOf();
const onHost = (name: string, machineId: string): Report => ({
  ...incident[0],
  diagnosis: { ...incident[0].diagnosis, host: { ...identity, name, machineId } },
});
const identity = (() => {
  const { host } = incident[0].diagnosis;
  if (host === undefined) throw new Error("the incident has no host");
  return host;
})();

describe("metrics of the incident", () => {
  const series = seriesOf(incident);

  it("say of the status which one it is, and which it is not", () => {
    expect(valueOf(series, "mvdoctor_vm_status", { status: "failing" })).toBe(1);
    expect(valueOf(series, "mvdoctor_vm_status", { status: "healthy" })).toBe(0);
  });

  it("count all starts, those of the crash loop, too", () => {
    expect(valueOf(series, "mvdoctor_vm_starts", { outcome: "failed" })).toBe(26);
    expect(valueOf(series, "mvdoctor_vm_starts", { outcome: "running" })).toBe(1);
  });

  it("count findings by severity and by rule", () => {
    const { findings } = incident[0].diagnosis.vms[0] ?? { findings: [] };
    for (const severity of ["critical", "error", "warning", "info"]) {
      expect(valueOf(series, "mvdoctor_vm_findings", { severity })).toBe(
        findings.filter((one) => one.severity === severity).length,
      );
    }
    expect(valueOf(series, "mvdoctor_vm_rule_findings", { rule: "access/file-mode" })).toBe(1);
  });

  it("say where the secrets stop, and name none of them", () => {
    expect(valueOf(series, "mvdoctor_vm_secrets", { stage: "runner", state: "broken" })).toBe(3);
    expect(judgedPage(incident, "prometheus").page).not.toContain("api-key");
  });

  it("say when the report was made, in seconds", () => {
    expect(valueOf(series, "mvdoctor_report_timestamp_seconds")).toBe(
      Date.parse("2025-09-27T05:52:00Z") / 1000,
    );
  });

  it("do not count what is suppressed, and say how much that is", async () => {
    const suppressed = seriesOf(
      await reportsOf({
        suppress: [{ rule: "runner/no-secret-path", reason: "Known.", until: "2025-10-01" }],
      }),
    );
    const errors = (all: readonly Series[]): number =>
      valueOf(all, "mvdoctor_vm_findings", { severity: "error" });
    expect(errors(suppressed)).toBeLessThan(errors(series));
    expect(valueOf(suppressed, "mvdoctor_vm_suppressed_findings")).toBeGreaterThan(0);
  });

  it("have labels of which there can be only so many", () => {
    const rules = new Set<string>(catalogue().map(({ id }) => id));
    const words = new Map<string, Set<string>>();
    for (const { labels } of series) {
      for (const [label, value] of labels)
        words.set(label, (words.get(label) ?? new Set()).add(value));
    }
    expect([...words.keys()].toSorted()).toEqual([
      "answer",
      "host",
      "outcome",
      "role",
      "rule",
      "severity",
      "stage",
      "state",
      "status",
      "version",
      "vm",
    ]);
    expect([...(words.get("rule") ?? [])].filter((rule) => !rules.has(rule))).toEqual([]);
  });

  it("are series that the next report has, too", async () => {
    const names = (all: readonly Series[]): readonly string[] =>
      all
        .filter(({ name }) => !name.endsWith("_rule_findings"))
        .map(({ name, labels }) => JSON.stringify([name, ...labels]));
    const later = await reportsOf({ times: { now: "2025-09-27 09:00:00 UTC", since: "01:00" } });
    expect(names(seriesOf(later))).toEqual(names(series));
  });
});

describe("metrics", () => {
  it("of the next start have names of their own", () => {
    const names = (view: "diagnosis" | "check"): ReadonlySet<string> =>
      new Set(seriesOf(incident, { view }).map(({ name }) => name));
    expect([...names("check")].filter((name) => names("diagnosis").has(name))).toEqual([]);
    expect(
      valueOf(seriesOf(incident, { view: "check" }), "mvdoctor_next_start_prediction", {
        prediction: "no",
      }),
    ).toBe(1);
  });

  it("of a host that could not be looked at say so, and nothing of VMs", async () => {
    const series = seriesOf(await reportsOf({ source: { root: "test/report" }, vms: [] }));
    expect(valueOf(series, "mvdoctor_complete")).toBe(0);
    expect(valueOf(series, "mvdoctor_required_gaps")).toBe(1);
    expect(series.filter(({ labels }) => labels.has("vm"))).toEqual([]);
  });

  it("of two hosts of one name are told apart", () => {
    const series = seriesOf([onHost("one", "1111"), onHost("one", "2222")]);
    const hosts = series.filter(({ name }) => name === "mvdoctor_complete");
    expect(hosts.map(({ labels }) => labels.get("host"))).toEqual(["one 1111", "one 2222"]);
  });

  it("keep words of others inside of their label", () => {
    const host = 'a"} 1\nmvdoctor_complete{host="b\\';
    const text = exposition([
      { name: "mvdoctor_complete", help: "Help.", samples: [{ labels: { host }, value: 0 }] },
    ]);
    const [only, ...others] = parseExposition(text);
    expect(only?.labels.get("host")).toBe(host.replace("\n", " "));
    expect(others).toEqual([]);
  });
});
