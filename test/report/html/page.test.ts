import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { pageClient } from "../../../src/dev/page-client.ts";
import type { VmDiagnosis } from "../../../src/diagnosis/finding.ts";
import { render, type View } from "../../../src/report/render.ts";
import type { Report, Reports } from "../../../src/report/report.ts";
import { micros } from "../../../src/vocabulary.ts";
import { incidentReports } from "../../support/incident.ts";

const htmlOf = (reports: Reports, view: View = "diagnosis"): string =>
  render(reports, view, "html", { width: 80, colour: false });

const VIEWS: readonly View[] = ["diagnosis", "timeline", "check", "list"];

const matches = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(({ groups }) => groups?.["it"] ?? "");

/** The report with something else told of its VM. */
const withVm = (report: Report, change: (vm: VmDiagnosis) => Partial<VmDiagnosis>): Report => ({
  ...report,
  diagnosis: {
    ...report.diagnosis,
    vms: report.diagnosis.vms.map((vm) => ({ ...vm, ...change(vm) })),
  },
});

let reports: Reports;
beforeAll(async () => {
  reports = await incidentReports();
});

describe.each(VIEWS)("the page of a %s", (view) => {
  it("lets nothing in but its own style and script", () => {
    const page = htmlOf(reports, view);
    const policy = matches(page, /Content-Security-Policy" content="(?<it>[^"]*)"/gu)[0] ?? "";
    expect(policy).toMatch(/^default-src &#39;none&#39;; /u);
    const inlined = matches(page, /<(?:style|script)>(?<it>[\s\S]*?)<\/(?:style|script)>/gu);
    expect(inlined).toHaveLength(2);
    for (const text of inlined) {
      const hash = createHash("sha256").update(text).digest("base64");
      expect(policy).toContain(`&#39;sha256-${hash}&#39;`);
    }
    expect(page).not.toMatch(
      /\s(?:src|style|on\w+)=|@import|url\((?!#)|<(?:link|base|iframe|object)\b/u,
    );
    expect(
      matches(page, /\shref="(?<it>[^"]*)"/gu).filter((href) => !href.startsWith("#")),
    ).toEqual([]);
  });

  it("has each place once, and leads nowhere else", () => {
    const [first] = reports;
    const page = htmlOf([first, first], view);
    const ids = matches(page, /\sid="(?<it>[^"]*)"/gu);
    expect(ids.length).toBe(new Set(ids).size);
    const targets = matches(page, /\shref="#(?<it>[^"]*)"/gu);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });

  it("is the same for the same evidence", async () => {
    expect(htmlOf(await incidentReports(), view)).toBe(htmlOf(reports, view));
  });
});

describe("the page of a VM that was started 100,000 times", () => {
  const COUNT = 100_000;
  let page = "";
  beforeAll(() => {
    const [report] = reports;
    const endless = withVm(report, ({ phases, timeline }) => {
      const [phase] = phases;
      const [row] = timeline;
      if (phase === undefined || row === undefined) throw new Error("the incident has phases");
      const at = (index: number) => micros(phase.start + index * 7_000_000);
      return {
        starts: () =>
          Array.from({ length: COUNT }, (_, index) => ({
            time: at(index),
            outcome: index % 4 === 0 ? ("ended" as const) : ("failed" as const),
          })),
        timeline: Array.from({ length: COUNT }, (_, index) => ({
          ...row,
          kind: "guest" as const,
          time: at(index),
          phase: index + 1,
          evidence: { ...row.evidence, cursor: `c${index}` },
        })),
        phases: Array.from({ length: COUNT }, (_, index) => ({
          ...phase,
          index: index + 1,
          start: at(index),
          end: at(index + 1),
        })),
      };
    });
    page = htmlOf([endless]);
  });

  it("stays small enough to be mailed", () => {
    expect(page.length).toBeLessThan(1_000_000);
  });

  it("draws all starts as a strip, and says so", () => {
    expect(page).toContain("100000 starts are drawn as 200 spans of time");
    const spans = [...page.matchAll(/: (?<starts>\d+) starts, (?<failed>\d+) failed<\/title>/gu)];
    const sum = (name: string): number =>
      spans.reduce((total, { groups }) => total + Number(groups?.[name]), 0);
    expect(spans.length).toBeGreaterThan(100);
    expect([sum("starts"), sum("failed")]).toEqual([COUNT, (COUNT * 3) / 4]);
  });

  it("says what it leaves out", () => {
    expect(page).toContain("99900 phases are left out here");
    expect(page).toContain("99600 events are left out here");
    expect(page).toContain("99900 phases in the middle are not drawn.");
    expect(page).toContain("99800 events in the middle are not drawn.");
  });

  it("has no link to what it leaves out", () => {
    const ids = new Set(matches(page, /\sid="(?<it>[^"]*)"/gu));
    expect(matches(page, /\shref="#(?<it>[^"]*)"/gu).filter((one) => !ids.has(one))).toEqual([]);
  });
});

it("the module of style and script is what is in the files", async () => {
  expect(await readFile("src/report/html/client.ts", "utf8")).toBe(await pageClient());
});
