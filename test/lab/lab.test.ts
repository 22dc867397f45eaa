import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/index.ts";
import { FAILURES } from "./failure-list.ts";
import type { Failure } from "./failures/failure.ts";
import { GUEST_CASES } from "./guest/cases.ts";
import { withTables } from "./lab-page.ts";
import { LabReport } from "./report.ts";

const ALL: readonly Failure[] = Object.values(FAILURES).flat();

/** A page before oxfmt has lined its tables up. */
const unpadded = (page: string): string =>
  page.replaceAll(/ +/gu, " ").replaceAll(/-{3,}/gu, "---");

describe("the failures of the lab", () => {
  it("have names of their own", () => {
    const names = [...ALL, ...GUEST_CASES].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("name rules that there are", () => {
    const known = new Set<string>(RULES.map(({ id }) => id));
    const named = [
      ...ALL.flatMap(({ foretold, rootCauses, finds = [] }) => [
        ...("cannot" in foretold ? [] : foretold),
        ...rootCauses,
        ...finds,
      ]),
      ...GUEST_CASES.flatMap(({ expected: { foretold, rootCauses, finds = [] } }) => [
        ...foretold.rootCauses,
        ...rootCauses,
        ...finds,
      ]),
    ];
    expect(named.filter((id) => !known.has(id))).toEqual([]);
  });

  it("are listed in docs/lab.md, which `npm run lab-page` writes", async () => {
    const page = await readFile("docs/lab.md", "utf8");
    expect(unpadded(page)).toBe(unpadded(withTables(page)));
  });
});

describe("the report of the lab", () => {
  const trial = { part: "systemd", on: "systemd 257, units of 2026", seconds: 16.42 };

  const printed = (tell: (report: LabReport) => void): readonly string[] => {
    const lines: string[] = [];
    const report = new LabReport((line) => lines.push(line));
    tell(report);
    report.close();
    return lines;
  };

  it("has a line for each failure below the machine that it ran on, and closes with the counts", () => {
    expect(
      printed((report) => {
        report.passed({ ...trial, name: "unreadable-file" }, "access/file-mode");
        report.failed({ ...trial, name: "core-dump" }, ["status: healthy", "root causes: none"]);
        report.skipped({ part: "systemd", on: "systemd 26x", name: "all of it" }, "no mirror");
      }),
    ).toEqual([
      "systemd, systemd 257, units of 2026:",
      "  ok      unreadable-file             16.4 s  access/file-mode",
      "  DIFFERS core-dump                   16.4 s",
      "    status: healthy",
      "    root causes: none",
      "systemd, systemd 26x:",
      "  skipped all of it                           no mirror",
      "lab: 1 passed, 1 failed, 1 skipped",
    ]);
  });

  it("says on a line of its own what does not fit into 80 columns", () => {
    const said = "credentials/configured-unused, runner/no-secret-path";
    const lines = printed((report) => report.passed({ ...trial, name: "unread" }, said));
    expect(lines).toContain(`    ${said}`);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
  });
});
