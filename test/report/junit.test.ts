import { describe, expect, it, test } from "vitest";
import { FAIL_ON } from "../../src/command-line/exit-status.ts";
import type { RuleOutcome } from "../../src/diagnosis/finding.ts";
import { element, text, xmlDocument } from "../../src/report/junit/xml.ts";
import type { Report, Reports } from "../../src/report/report.ts";
import { judgedPage, reportsOf } from "../support/judged-pages.ts";
import { elementsOf, parseXml, type XmlElement } from "../support/xml-tree.ts";

type Asked = Parameters<typeof judgedPage>[2];

const junitOf = (reports: Reports, asked?: Asked) => {
  const { page, exit } = judgedPage(reports, "junit", asked);
  return { root: parseXml(page), page, exit };
};
const caseOf = (root: XmlElement, name: string): XmlElement => {
  const found = elementsOf(root, "testcase").find(({ attributes }) => attributes["name"] === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
};
/** What a case holds: `failure`, `error`, `skipped`, or nothing where it passed. */
const resultsOf = (root: XmlElement, name: string): readonly string[] =>
  caseOf(root, name)
    .children.map((child) => child.name)
    .filter((child) => child !== "system-out");

const incident = await reportsOf();
const suppress = [{ rule: "access/file-mode", reason: "A new owner comes.", until: "2025-10-01" }];

const changed = (change: (report: Report) => Report): Reports => [change(incident[0])];

/** The incident as if something that is required could not be read. */
const withGap = changed((report) => ({
  ...report,
  diagnosis: {
    ...report.diagnosis,
    complete: false,
    gaps: [{ source: "journal", reason: "permission denied", required: true }],
  },
}));

/** The incident with another outcome of a rule that stayed silent, and without anything found. */
const silentBut = (outcome: RuleOutcome): Reports =>
  changed((report) => ({
    ...report,
    diagnosis: {
      ...report.diagnosis,
      vms: report.diagnosis.vms.map((vm) => ({
        ...vm,
        findings: [],
        outcomes: vm.outcomes.map((one) => (one.id === outcome.id ? outcome : one)),
      })),
    },
  }));

describe("JUnit XML of the incident", () => {
  const { root } = junitOf(incident);

  it("has a suite for the host and one for the VM, with a case for each rule", () => {
    const suites = elementsOf(root, "testsuite").map(({ attributes }) => attributes["name"]);
    expect(suites).toEqual(["britton-desktop", "britton-desktop.test-vm"]);
    const names = elementsOf(root, "testcase").map(({ attributes }) => attributes["name"]);
    expect(names.filter((name) => name !== "coverage")).toEqual(
      incident[0].diagnosis.vms[0]?.outcomes.map(({ id }) => id),
    );
  });

  it("counts what stands in it", () => {
    for (const suite of [root, ...elementsOf(root, "testsuite")]) {
      const { tests, failures, errors } = suite.attributes;
      expect([tests, failures, errors].map(Number)).toEqual(
        ["testcase", "failure", "error"].map((name) => elementsOf(suite, name).length),
      );
    }
  });

  it("fails a rule with what it found, in words and with its evidence", () => {
    const [failure] = caseOf(root, "access/file-mode").children;
    expect(failure?.name).toBe("failure");
    expect(failure?.attributes["message"]).toContain("api-key");
    expect(failure?.text).toContain("api-key: Permission denied");
  });

  it("tells what --fail-on does not count, and fails nothing by it", () => {
    const warned = caseOf(root, "runner/unknown-origin");
    expect(warned.children.map(({ name }) => name)).toEqual(["system-out"]);
    expect(warned.children[0]?.text).toMatch(/^warning: /u);
    const stricter = junitOf(incident, { failOn: "warning" }).root;
    expect(resultsOf(stricter, "runner/unknown-origin")).toEqual(["failure"]);
  });

  it("skips what is suppressed, and says until when and why", async () => {
    const suppressed = junitOf(await reportsOf({ suppress })).root;
    const [skipped] = caseOf(suppressed, "access/file-mode").children;
    expect(skipped?.name).toBe("skipped");
    expect(skipped?.attributes["message"]).toContain("until 2025-10-01: A new owner comes.");
  });

  it("skips a rule that was not asked, and says what was missing", () => {
    const outcome = { id: "source/empty", status: "skipped", missing: ["store"] } as const;
    const [skipped] = caseOf(junitOf(silentBut(outcome)).root, "source/empty").children;
    expect(skipped?.attributes["message"]).toBe("not asked without the Nix store");
  });

  it("is the same each time", async () => {
    expect(junitOf(await reportsOf()).page).toBe(junitOf(incident).page);
  });
});

const LOOKS: Readonly<Record<string, Reports>> = {
  "the incident": incident,
  "the incident with a gap": withGap,
  "the incident, suppressed": await reportsOf({
    suppress: [...suppress, { ...suppress[0], rule: "runner/*" }],
  }),
  "a host on which nothing is found": silentBut({ id: "source/empty", status: "silent" }),
  "a host on which nothing may be read": await reportsOf({
    source: { root: "test/report" },
    vms: [],
  }),
  "two hosts": [incident[0], withGap[0]],
};

describe("what is red agrees with the exit status", () => {
  const cases = Object.keys(LOOKS).flatMap((look) =>
    (["diagnosis", "check"] as const).flatMap((view) =>
      FAIL_ON.map((failOn) => [look, view, failOn] as const),
    ),
  );

  test.for(cases)("for %s as %s with --fail-on %s", ([look, view, failOn]) => {
    const reports = LOOKS[look];
    if (reports === undefined) throw new Error(look);
    const { root, exit } = junitOf(reports, { view, failOn });
    const holds = (name: string): boolean => elementsOf(root, name).length > 0;
    expect(holds("failure") ? 1 : holds("error") ? 3 : 0).toBe(exit);
  });
});

describe("XML", () => {
  const impossible = ["\u{1}", "\u{8}", "\u{B}", "\u{1F}", "\u{FFFE}", "\u{D800}"];
  const around = (inner: string): string =>
    `a & b < c > d "e" 'f' ]]> ${inner} \u{1F512} tab\there\nline\rend`;
  const words = around(impossible.join(""));
  const legible = around("\u{FFFD}".repeat(impossible.length));
  const root = parseXml(xmlDocument(element("a", { b: words }, [text(words)])));

  it("keeps words as they are between tags, but for characters that XML does not have", () => {
    expect(root.text).toBe(legible);
  });

  it("keeps words as they are in attributes, too", () => {
    expect(root.attributes["b"]).toBe(legible);
  });

  it("has no element of words that look like one", () => {
    const outer = parseXml(xmlDocument(element("a", {}, [element("b", {}, [text("<c/>")])])));
    expect(elementsOf(outer, "c")).toEqual([]);
  });
});
