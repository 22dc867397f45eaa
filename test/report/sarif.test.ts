import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { JudgedView } from "../../src/report/judged.ts";
import type { Reports } from "../../src/report/report.ts";
import { message } from "../../src/report/sarif/message.ts";
import { judgedPage, reportsOf } from "../support/judged-pages.ts";
import { sarifComplaints } from "../support/sarif-schema.ts";

const location = v.looseObject({
  physicalLocation: v.optional(
    v.looseObject({
      artifactLocation: v.object({ uri: v.string() }),
      region: v.optional(v.looseObject({ startLine: v.number() })),
    }),
  ),
  logicalLocations: v.optional(v.array(v.looseObject({ index: v.number() }))),
  message: v.optional(v.object({ text: v.string() })),
});
const notification = v.looseObject({
  descriptor: v.object({ id: v.string(), index: v.number() }),
  level: v.string(),
  message: v.object({ text: v.string() }),
});
const log = v.object({
  $schema: v.string(),
  version: v.literal("2.1.0"),
  runs: v.array(
    v.looseObject({
      tool: v.object({
        driver: v.looseObject({
          rules: v.array(v.looseObject({ id: v.string() })),
          notifications: v.array(v.looseObject({ id: v.string() })),
        }),
      }),
      automationDetails: v.object({ id: v.string() }),
      invocations: v.tuple([
        v.looseObject({
          executionSuccessful: v.boolean(),
          exitCode: v.number(),
          toolExecutionNotifications: v.array(notification),
          toolConfigurationNotifications: v.optional(v.array(notification)),
        }),
      ]),
      logicalLocations: v.array(v.looseObject({ fullyQualifiedName: v.string() })),
      results: v.array(
        v.looseObject({
          ruleId: v.string(),
          ruleIndex: v.number(),
          kind: v.string(),
          level: v.string(),
          message: v.object({ text: v.string() }),
          locations: v.array(location),
          relatedLocations: v.array(location),
          codeFlows: v.optional(
            v.array(
              v.looseObject({
                threadFlows: v.array(v.object({ locations: v.array(v.looseObject({ location })) })),
              }),
            ),
          ),
          partialFingerprints: v.record(v.string(), v.string()),
          suppressions: v.optional(v.array(v.looseObject({ justification: v.string() }))),
          properties: v.looseObject({ subject: v.record(v.string(), v.unknown()) }),
        }),
      ),
    }),
  ),
});

const sarifOf = (reports: Reports, view: JudgedView = "diagnosis") => {
  const { page, exit } = judgedPage(reports, "sarif", { view });
  const document: unknown = JSON.parse(page);
  expect(sarifComplaints(document)).toEqual([]);
  const [first] = v.parse(log, document).runs;
  if (first === undefined) throw new Error("no run");
  return { run: first, exit, page, document };
};
const resultOf = ({ run }: ReturnType<typeof sarifOf>, id: string) => {
  const found = run.results.find(({ ruleId }) => ruleId === id);
  if (found === undefined) throw new Error(`no result of ${id}`);
  return found;
};

const REASON = "It is replaced with the next release.";
const suppressing = (until: string) => ({
  suppress: [{ rule: "access/file-mode", reason: REASON, until }],
});

describe("SARIF of the incident", async () => {
  const reports = await reportsOf();
  const sarif = sarifOf(reports);

  it("holds every rule of the catalogue, and each result points to its own", () => {
    const { rules } = sarif.run.tool.driver;
    expect(rules.length).toBeGreaterThan(60);
    expect(sarif.run.results.length).toBeGreaterThan(5);
    for (const { ruleId, ruleIndex } of sarif.run.results) {
      expect(rules[ruleIndex]?.id).toBe(ruleId);
    }
  });

  it("names files by URIs in which every other character is encoded", () => {
    const { relatedLocations } = resultOf(sarif, "runner/no-secret-path");
    expect(relatedLocations.map((one) => one.physicalLocation)).toContainEqual({
      artifactLocation: {
        uri: "file:///etc/systemd/system/microvm%40test-vm.service.d/overrides.conf",
      },
      region: {
        startLine: 7,
        snippet: { text: "LoadCredential=host-api-key:/run/secrets/vars/test-vm-secrets/api-key" },
      },
    });
  });

  it("names the VM as a place of its own, below its host", () => {
    const [place] = resultOf(sarif, "access/file-mode").locations[0]?.logicalLocations ?? [];
    expect(sarif.run.logicalLocations[place?.index ?? 0]).toMatchObject({
      fullyQualifiedName: "britton-desktop/test-vm",
      parentIndex: 0,
    });
  });

  it("tells of what was caused by something the way from the root cause to it", () => {
    const [flow] = resultOf(sarif, "lifecycle/crash-loop").codeFlows ?? [];
    const words = flow?.threadFlows[0]?.locations.map((one) => one.location.message?.text ?? "");
    expect(words?.[0]).toContain("[access/file-mode]");
    expect(words?.at(-1)).toContain("[lifecycle/crash-loop]");
  });

  it("says times as text, and holds no mark of one", () => {
    expect(resultOf(sarif, "lifecycle/crash-loop").message.text).toMatch(
      /\d{2}:\d{2}:\d{2} -04:00/u,
    );
    expect(sarif.page).not.toMatch(/@\{+\d/u);
  });

  it("knows the status that the command ends with, and is the same each time", async () => {
    expect(sarif.run.invocations[0]).toMatchObject({ executionSuccessful: true, exitCode: 1 });
    expect(sarifOf(await reportsOf()).page).toBe(sarif.page);
  });

  it("is valid for what the next start would meet, too", () => {
    const check = sarifOf(reports, "check");
    expect(check.run.automationDetails.id).toBe("mvdoctor/check/britton-desktop/");
    expect(resultOf(check, "runner/no-secret-path").level).toBe("error");
  });

  it("would not pass the schema with a level that SARIF does not know", () => {
    const broken = { ...v.parse(log, sarif.document) };
    const [result] = broken.runs[0]?.results ?? [];
    if (result !== undefined) result.level = "critical";
    expect(sarifComplaints(broken)).not.toEqual([]);
  });
});

describe("the fingerprint of a result", () => {
  it("stays while counts and times of the same problem change", async () => {
    const whole = resultOf(sarifOf(await reportsOf()), "lifecycle/crash-loop");
    const sooner = resultOf(
      sarifOf(await reportsOf({ times: { until: "2025-09-27 00:43:00" } })),
      "lifecycle/crash-loop",
    );
    expect(sooner.properties.subject["count"]).not.toBe(whole.properties.subject["count"]);
    expect(sooner.partialFingerprints).toEqual(whole.partialFingerprints);
  });

  it("differs for each problem", async () => {
    const prints = sarifOf(await reportsOf()).run.results.map((one) =>
      JSON.stringify([one.partialFingerprints]),
    );
    expect(new Set(prints).size).toBe(prints.length);
  });
});

describe("suppressions in SARIF", () => {
  it("stand at the result with their reason, and others say that they have none", async () => {
    const sarif = sarifOf(await reportsOf(suppressing("2025-10-01")));
    const [suppression] = resultOf(sarif, "access/file-mode").suppressions ?? [];
    expect(suppression).toMatchObject({
      kind: "external",
      status: "accepted",
      justification: REASON,
      properties: { until: "2025-10-01" },
    });
    expect(resultOf(sarif, "runner/no-secret-path").suppressions).toEqual([]);
  });

  it("that have expired are told, and suppress nothing", async () => {
    const sarif = sarifOf(await reportsOf(suppressing("2025-09-01")));
    expect(resultOf(sarif, "access/file-mode").suppressions).toEqual([]);
    const [told] = sarif.run.invocations[0].toolConfigurationNotifications ?? [];
    expect(told?.message.text).toContain(REASON);
  });
});

describe("SARIF of what could be looked at only in part", () => {
  it("says so, with each gap and each rule that was not asked", async () => {
    const nothing = "test/report";
    const sarif = sarifOf(await reportsOf({ source: { root: nothing }, vms: [] }));
    const [invocation] = sarif.run.invocations;
    expect(invocation).toMatchObject({ executionSuccessful: false, exitCode: 3 });
    expect(sarif.run.results).toEqual([]);
    expect(invocation.toolExecutionNotifications.map(({ level }) => level)).toContain("error");
    for (const { descriptor } of invocation.toolExecutionNotifications) {
      expect(sarif.run.tool.driver.notifications[descriptor.index]?.id).toBe(descriptor.id);
    }
  });
});

describe("SARIF of two hosts", () => {
  it("has a run for each, told apart by its id", async () => {
    const [incident] = await reportsOf();
    const [nothing] = await reportsOf({ source: { root: "test/report" }, vms: [] });
    const document: unknown = JSON.parse(judgedPage([incident, nothing], "sarif").page);
    expect(sarifComplaints(document)).toEqual([]);
    const { runs } = v.parse(log, document);
    expect(runs.map(({ results }) => results.length > 0)).toEqual([true, false]);
    expect(new Set(runs.map(({ automationDetails: { id } }) => id)).size).toBe(2);
  });
});

describe("a message of SARIF", () => {
  it.for([
    ["value of ${name}", "value of ${{name}}"],
    ["[click](file:///etc/shadow)", String.raw`\[click](file:///etc/shadow)`],
    ["phases [1] and [2]", "phases [1] and [2]"],
  ] as const)("takes %s for no more than words", ([words, text]) => {
    expect(message(words)).toEqual({ text });
  });
});
