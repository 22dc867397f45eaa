import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { render } from "../../src/report/render.ts";
import type { Reports } from "../../src/report/report.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { incidentReports } from "../support/incident.ts";

const SCREEN = { width: 80, colour: false };

const markdownOf = (reports: Reports, emoji = false): string =>
  render(reports, "diagnosis", "markdown", { ...SCREEN, emoji });

/** `e1: the first line\nand those behind it`, by id. */
const footnotesOf = (page: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...page.matchAll(/^\[\^(?<id>e\d+)\]: (?<text>.*(?:\n {4}.*)*)/gmu)].map(({ groups }) => [
      groups?.["id"] ?? "",
      (groups?.["text"] ?? "").split("\\\n    "),
    ]),
  );
const citedIn = (page: string): readonly string[] => [
  ...new Set(
    [...page.matchAll(/\[\^(?<id>e\d+)\](?!:)/gu)].map(({ groups }) => groups?.["id"] ?? ""),
  ),
];

describe("the write-up of an incident", () => {
  let page = "";
  let reports: Reports;
  beforeAll(async () => {
    reports = await incidentReports();
    page = markdownOf(reports);
  });

  it("has the parts of a root cause analysis, in their order", () => {
    const headings = [...page.matchAll(/^## (?<title>.*)$/gmu)].map(
      ({ groups }) => groups?.["title"],
    );
    expect(headings).toEqual([
      "The way of each secret",
      "Timeline",
      "What changed",
      "Why",
      "Source of the earlier runner",
      "What is not proven",
      "Options",
      "Conclusion",
      "Next steps",
      "Coverage",
      "Evidence",
    ]);
  });

  it("is plain ASCII, and with --emoji the words for states stay beside the emoji", () => {
    expect(page).toMatch(/^[\n\u0020-\u007E]+$/u);
    const withEmoji = markdownOf(reports, true);
    expect(withEmoji).toContain("**Status: \u{1F534} failing**");
    expect(withEmoji).toContain("\u274C **broken**");
    expect(withEmoji.replaceAll(/[^\n\u0020-\u007E]+ /gu, "")).toBe(page);
  });

  it("cites each footnote that it has, and has each that it cites, in the order of their numbers", () => {
    const ids = [...footnotesOf(page).keys()];
    expect(ids.length).toBeGreaterThan(20);
    expect(citedIn(page)).toEqual(ids);
    expect(ids).toEqual(ids.map((_, index) => `e${index + 1}`));
  });

  it("gives the times of phases on the host's clock and in UTC", () => {
    expect(page).toContain(
      "| 1 | 2025-09-27 00:41:39 -04:00 to 00:44:38 | 2025-09-27 04:41:39 to 04:44:38 | 2 min 59 s | 26 |",
    );
  });

  it("draws the phases and what caused what", () => {
    const [gantt = "", flow = ""] = [...page.matchAll(/```mermaid\n(?<text>[\s\S]*?)```/gu)].map(
      ({ groups }) => groups?.["text"] ?? "",
    );
    expect(gantt).toContain(":crit, 2025-09-27 00:41:39, 2025-09-27 00:44:38\n");
    expect(flow).toMatch(/n2\["root cause, phase 1<br\/><b>access\/file-mode<\/b>/u);
    expect(flow).toContain('n2 -->|"the failed read ends the script in the same start"| n5\n');
  });

  it("of two hosts never gives one number to two pieces of evidence", () => {
    const [first] = reports;
    const both = markdownOf([first, first]);
    const ids = [...both.matchAll(/^\[\^(?<id>e\d+)\]:/gmu)].map(({ groups }) => groups?.["id"]);
    expect(ids).toHaveLength(2 * footnotesOf(page).size);
    expect(new Set(ids).size).toBe(ids.length);
    const lines = [...both.matchAll(/^- \*\*\[(?<id>c[\d-]+)\]/gmu)].map(
      ({ groups }) => groups?.["id"],
    );
    expect(new Set(lines).size).toBe(lines.length);
  });
});

describe.skipIf(!canBuildTrees)("the command of a footnote", () => {
  const tree = builtTrees("secret-never-loaded");

  it("shows the very line of the journal again", async () => {
    const root = tree("secret-never-loaded");
    const footnotes = [...footnotesOf(markdownOf(await incidentReports({ root }))).values()];
    const lines = footnotes.filter(([, , command]) => command?.startsWith("`journalctl ") === true);
    expect(lines.length).toBeGreaterThan(10);
    for (const [line = "", utc, command = ""] of lines) {
      const directory = join(root, "var/log/journal");
      const entry: unknown = JSON.parse(
        execFileSync("sh", ["-c", `${command.slice(1, -1)} -D ${directory} -o json`], {
          encoding: "utf8",
        }),
      );
      expect(entry).toMatchObject({ MESSAGE: line.slice(line.indexOf(": ") + 2, -1) });
      const time = Number((entry as Record<string, unknown>)["__REALTIME_TIMESTAMP"]);
      expect(utc).toBe(
        `UTC ${new Date(time / 1000).toISOString().slice(0, 23)}${String(time).slice(-3)}Z`,
      );
    }
  });
});
