import { execFileSync } from "node:child_process";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { render, type View } from "../../src/report/render.ts";
import type { Reports } from "../../src/report/report.ts";
import { browserFor, canBrowse } from "../support/browser.ts";
import { builtTrees, canBuildTrees } from "../support/built-trees.ts";
import { incidentReports } from "../support/incident.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";

const WIDTHS = [390, 1280] as const;
const SCHEMES = ["light", "dark"] as const;
const VIEWS: readonly View[] = ["diagnosis", "timeline", "check", "list"];

const htmlOf = (reports: Reports, view: View = "diagnosis"): string =>
  render(reports, view, "html", { width: 80, colour: false });

const unfold = (page: Page): Promise<unknown> =>
  page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");

describe.skipIf(!canBrowse)("a page in a browser", () => {
  const open = browserFor();
  let reports: Reports;
  beforeAll(async () => {
    reports = await incidentReports();
  });

  describe.each(VIEWS)("of a %s", (view) => {
    it("fits a telephone and a desk, and says nothing to the console", async () => {
      const { page, complaints } = await open(htmlOf(reports, view));
      await unfold(page);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    it("can be read by everybody, in light and in dark", async () => {
      // The checks are a script of their own, which the page's policy would refuse.
      const { page } = await open(htmlOf(reports, view), { bypassCSP: true });
      await unfold(page);
      await page.evaluate(axe.source);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const violations = await page.evaluate(
          "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, ...nodes.map(({html}) => html)]))",
        );
        expect(violations).toEqual([]);
      }
      await page.context().close();
    });
  });

  it("tells everything without scripts, and offers nothing that needs one", async () => {
    const { page, complaints } = await open(htmlOf(reports), { javaScriptEnabled: false });
    const finding = page.locator("details.finding", { hasText: "access/file-mode" }).first();
    await finding.locator("summary").click();
    expect(await finding.locator(".evidence").innerText()).toContain("Permission denied");
    expect(await page.locator("button:visible, input:visible, .readout:visible").count()).toBe(0);
    expect(await page.locator("svg.timeline .start.failed").count()).toBe(27);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("zooms into the timeline and back", async () => {
    const { page } = await open(htmlOf(reports));
    const starts = page.locator("figure .start.failed line");
    const gap = async (): Promise<number> => {
      const [first, second] = [
        await starts.nth(0).boundingBox(),
        await starts.nth(1).boundingBox(),
      ];
      return (second?.x ?? Number.NaN) - (first?.x ?? Number.NaN);
    };
    const narrow = await gap();
    for (const action of ["In", "In", "In"])
      await page.getByRole("button", { name: action, exact: true }).click();
    expect(await gap()).toBeCloseTo(narrow * 8, 0);
    await page.getByRole("button", { name: "Whole" }).click();
    expect(await gap()).toBeCloseTo(narrow, 1);
    expect(await page.locator(".ticks").innerHTML()).toContain(">00:45<");
    await page.context().close();
  });

  it("shows what lies under the pointer", async () => {
    const { page } = await open(htmlOf(reports));
    await page.locator(".spot .event.guest").first().hover();
    expect(await page.locator(".readout").innerText()).toMatch(
      /^2025-09-27 01:3\d:\d\d\.\d{3} \| 01:33:03 guest: .*API_KEY = 0 bytes/u,
    );
    await page.context().close();
  });

  it("filters findings by severity, and counts those that it shows", async () => {
    const { page } = await open(htmlOf(reports));
    await page.getByLabel("error (5)").uncheck();
    expect(await page.locator("details.finding:visible").count()).toBe(4);
    expect(await page.locator(".filter output").innerText()).toBe("4 of 9 shown");
    await page.getByRole("button", { name: "Open all" }).click();
    expect(await page.locator("details.finding:not([open])").count()).toBe(0);
    await page.context().close();
  });

  it("copies a snippet as it is", async () => {
    const { page } = await open(htmlOf(reports), {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const option = page.locator("details.option").first();
    await option.getByRole("button", { name: "Copy" }).click();
    await option.getByRole("button", { name: "Copied" }).waitFor();
    const snippet = reports[0].diagnosis.vms[0]?.options[0]?.snippet ?? "";
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(snippet.trimEnd());
    await page.context().close();
  });

  it("opens what a link leads to, and all of it on paper", async () => {
    const { page } = await open(htmlOf(reports));
    await page.locator(".answers a", { hasText: "access/file-mode" }).click();
    // The address changes first, and the page hears of it a moment later.
    const opened = page.locator("details.finding[open]", { hasText: "microvm may not read" });
    await opened.waitFor();
    expect(await opened.count()).toBe(1);
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator("details:not([open])").count()).toBe(0);
    expect(await page.locator("button:visible").count()).toBe(0);
    await page.context().close();
  });
});

const MARKUP = `"'><script>window.taken=1</script><img src=x onerror=window.taken=1></style></title></svg>`;
/** Which views quote the runner's line, and the operator's. */
const SHOWN: Readonly<Record<View, readonly boolean[]>> = {
  diagnosis: [true, true],
  timeline: [true, true],
  check: [false, false],
  list: [false, false],
};
/** Turns the text around and clears a terminal. */
const CONTROL = "\u202E\u001B[2J\u2066";

describe.skipIf(!canBrowse || !canBuildTrees)("a page of a hostile journal", () => {
  const open = browserFor();
  const tree = builtTrees("secret-never-loaded");

  it("shows as text whatever a message, an identifier, a path or the name of a unit holds", async () => {
    const root = tree("secret-never-loaded");
    const lines = execFileSync(
      "journalctl",
      ["-D", join(root, "var/log/journal"), "-o", "json", "--all"],
      { encoding: "utf8", maxBuffer: 1e9 },
    );
    const entries = lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => entryOf(JSON.parse(line) as Record<string, string | number[]>));
    const directory = join(root, "hostile");
    await writeJournal(
      join(directory, "system.journal"),
      exportText(entries, 0),
      "4f2b9c1d7a6e4b0c8d3e5f60718293a4",
    );
    const reports = await incidentReports({ directory });
    for (const view of VIEWS) {
      const html = htmlOf(reports, view);
      expect(html).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
      const { page, complaints } = await open(html);
      await unfold(page);
      expect(complaints).toEqual([]);
      expect(
        await page.evaluate(
          "[window.taken, document.scripts.length, document.images.length, document.styleSheets.length]",
        ),
      ).toEqual([undefined, 1, 0, 1]);
      const text = await page.locator("main").innerText();
      const isShown = [`${MARKUP}: Permission denied`, `COMMAND=/bin/true ${MARKUP}`].map((one) =>
        text.includes(one),
      );
      expect(isShown).toEqual(SHOWN[view]);
      await page.context().close();
    }
  });
});

const hostile = (name: string, value: string): string => {
  switch (name) {
    case "MESSAGE":
      return value
        .replace(/^cat: \S+:/u, `cat: /run/secrets/${MARKUP}${CONTROL}:`)
        .replace(/COMMAND=.*$/u, `COMMAND=/bin/true ${MARKUP}${CONTROL} microvm@test-vm`)
        .replace(/0 bytes$/u, `0 bytes ${MARKUP}${CONTROL}`);
    case "SYSLOG_IDENTIFIER":
      return value.startsWith("microvm@") ? `${value}${MARKUP}${CONTROL}` : value;
    case "UNIT":
      return value.startsWith("install-") ? `microvm@${MARKUP}.service` : value;
    default:
      return value;
  }
};

const entryOf = (entry: Readonly<Record<string, string | number[]>>) => ({
  time: Number(entry["__REALTIME_TIMESTAMP"]),
  fields: Object.fromEntries(
    Object.entries(entry)
      .filter(([name]) => !name.startsWith("__"))
      // What is not printable comes as bytes.
      .map(([name, value]) => [
        name,
        hostile(name, typeof value === "string" ? value : Buffer.from(value).toString()),
      ]),
  ),
});
