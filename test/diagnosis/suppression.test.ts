import { describe, expect, it } from "vitest";
import { parseSuppressions } from "../../src/diagnosis/suppression-file.ts";
import { onDay, suppress, type Suppression } from "../../src/diagnosis/suppression.ts";
import { parseVmName } from "../../src/vocabulary.ts";
import { idsOf, judged } from "../support/judged.ts";
import {
  credential,
  denied,
  hostJournal,
  identity,
  link,
  readOf,
  runner,
  secretFiles,
  start,
  state,
  store,
  unit,
  vmJournal,
  vmName,
  walkTo,
} from "../support/literals.ts";

const KEY = "/run/secrets/demo/api-key";
const PASSWORD = "/run/secrets/demo/db-password";
const RUNNER = store("microvm-qemu-demo-vm");

/** Two secrets that the runner reads itself; each start is refused both, and the loop goes on. */
const findings = judged({
  identity,
  hostJournal: hostJournal(),
  vmJournal: vmJournal(
    Array.from({ length: 6 }, (_, index) =>
      start(10 + 7 * index, { lives: 1, says: [denied(KEY), denied(PASSWORD)] }),
    ),
  ),
  state: state({ current: link("current", RUNNER) }),
  runners: { current: runner({ reads: [readOf(KEY), readOf(PASSWORD)] }) },
  unit: unit({ credentials: [credential("other")] }),
  secretFiles: secretFiles(walkTo(KEY), walkTo(PASSWORD)),
});

const entry = (more: Partial<Suppression> = {}): Suppression => ({
  rule: "access/file-mode",
  reason: "known",
  until: "2026-12-31",
  ...more,
});

const suppressedBy = (...entries: readonly Suppression[]): readonly string[] =>
  suppress(vmName(), findings, entries).suppressed.map(({ finding }) =>
    `${finding.id} ${String(finding.subject["path"] ?? "")}`.trim(),
  );

describe("a suppression", () => {
  it("takes out what it names, and keeps every finding on one side", () => {
    const { kept, suppressed } = suppress(vmName(), findings, [entry()]);
    expect(idsOf(findings)).toContain("access/file-mode");
    expect(idsOf(kept)).not.toContain("access/file-mode");
    expect(kept.length + suppressed.length).toBe(findings.length);
  });

  it("takes out what follows from it and from nothing else", () => {
    const { suppressed } = suppress(vmName(), findings, [entry()]);
    const loop = suppressed.find(({ finding }) => finding.id === "lifecycle/crash-loop");
    expect(loop?.through).toBe("access/file-mode");
    expect(loop?.by).toEqual(entry());
  });

  it("leaves a consequence that another finding of the same rule causes", () => {
    expect(suppressedBy(entry({ path: PASSWORD }))).toEqual([`access/file-mode ${PASSWORD}`]);
  });

  it("of a consequence leaves its cause", () => {
    expect(suppressedBy(entry({ rule: "lifecycle/crash-loop" }))).not.toContain(
      `access/file-mode ${KEY}`,
    );
  });

  it.each<[string, Partial<Suppression>, boolean]>([
    ["a group", { rule: "access/*" }, true],
    ["another group", { rule: "source/*" }, false],
    ["this VM", { vm: vmName() }, true],
    ["the path itself", { path: KEY }, true],
    ["a glob within its directory", { path: "/run/secrets/demo/*" }, true],
    ["one star over a slash", { path: "/run/secrets/*" }, false],
    ["two stars over a slash", { path: "/run/secrets/**" }, true],
    ["a question mark", { path: "/run/secrets/demo/api?key" }, true],
    ["a dot, which is no wildcard", { path: "/run/secrets/demo/api.key" }, false],
    ["the beginning of a path", { path: "/run/secrets/demo/api" }, false],
  ])("for %s", (_, more, holds) => {
    expect(suppressedBy(entry(more)).includes(`access/file-mode ${KEY}`)).toBe(holds);
  });

  it("for another VM leaves this one alone", () => {
    const other = parseVmName("other-vm");
    if (other === undefined) throw new Error("other-vm is a VM's name");
    expect(suppressedBy(entry({ vm: other }))).toEqual([]);
  });

  it("with a path leaves a finding about several paths of which one is another", () => {
    const rule = "runner/reads-secret-directly";
    expect(findings.find(({ id }) => id === rule)?.scope.paths).toEqual([KEY, PASSWORD]);
    expect(suppressedBy(entry({ rule, path: KEY }))).toEqual([]);
    expect(suppressedBy(entry({ rule, path: "/run/secrets/demo/*" }))).toHaveLength(1);
  });

  it("holds on its last day and not on the next", () => {
    const entries = [entry({ until: "2026-03-01" })];
    const on = (day: string) => onDay({ file: "/etc/x.json", entries }, day);
    expect(on("2026-03-01")).toMatchObject({ holding: entries, expired: [] });
    expect(on("2026-03-02")).toMatchObject({ holding: [], expired: entries });
  });
});

const parsed = (config: unknown) => parseSuppressions(JSON.stringify(config), "/etc/x.json");
const complaintOf = (text: string): string => {
  const answer = parseSuppressions(text, "/etc/x.json");
  if (answer.status === "parsed") throw new Error("it was taken");
  return answer.message.replace("/etc/x.json cannot be used: ", "");
};

describe("a configuration file", () => {
  const GOOD = { rule: "access/file-mode", reason: "known", until: "2026-12-31" };

  it("may hold nothing", () => {
    expect(parsed({})).toEqual({
      status: "parsed",
      suppressions: { file: "/etc/x.json", entries: [] },
    });
  });

  it("names a VM by its unit too", () => {
    expect(parsed({ suppress: [{ ...GOOD, vm: "microvm@demo-vm.service" }] })).toMatchObject({
      suppressions: { entries: [{ ...GOOD, vm: "demo-vm" }] },
    });
  });

  it.each<[string, object, string]>([
    ["a reason that is missing", { reason: undefined }, "reason: it is missing"],
    ["a reason without a word", { reason: "  " }, "reason: it is empty"],
    ["a day that is missing", { until: undefined }, "until: it is missing"],
    [
      "a day that does not exist",
      { until: "2026-02-30" },
      'until: "2026-02-30" is no day such as 2026-12-31',
    ],
    ["a day in words", { until: "tomorrow" }, 'until: "tomorrow" is no day such as 2026-12-31'],
    ["a day that is no text", { until: 20_261_231 }, "until: it is no text"],
    [
      "a rule that does not exist",
      { rule: "access/typo" },
      'rule: "access/typo" is neither a rule nor a group such as access/*',
    ],
    ["all rules", { rule: "*" }, 'rule: "*" is neither a rule nor a group such as access/*'],
    ["a rule that is missing", { rule: undefined }, "rule: it is missing"],
    ["a misspelt key", { untill: "2026-12-31" }, "untill: there is no such key"],
    ["a VM that can be none", { vm: "../x" }, "vm: it is no name of a VM"],
    ["a relative path", { path: "run/*" }, "path: it does not begin with /"],
  ])("is refused for %s, by entry", (_, more, complaint) => {
    expect(complaintOf(JSON.stringify({ suppress: [GOOD, { ...GOOD, ...more }] }))).toBe(
      `suppress[1].${complaint}`,
    );
  });

  it.each([
    ["[]", "it is no object"],
    ["null", "it is no object"],
    ['{"suppress":{}}', "suppress: it is no list"],
    ['{"suppress":["access/*"]}', "suppress[0]: it is no object"],
    ['{"suppres":[]}', "suppres: there is no such key"],
  ])("is refused as %s", (text, complaint) => {
    expect(complaintOf(text)).toBe(complaint);
  });

  it("is refused as something else than JSON, without a word of it", () => {
    expect(complaintOf("hunter2 is the word")).toBe("it is no JSON");
    expect(complaintOf('{\n  "suppress": hunter2,\n  "more": ""\n}')).toMatch(
      /^it is no JSON(?: \(line \d+ column \d+\))?$/u,
    );
  });
});
