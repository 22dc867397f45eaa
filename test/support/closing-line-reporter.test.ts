import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPOSITORY, runNode } from "./run-node.ts";

let project = "";

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "mvdoctor-reporter-"));
  symlinkSync(join(REPOSITORY, "node_modules"), join(project, "node_modules"));
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

const closingLine = (tests: string, env: Record<string, string>): string | undefined => {
  writeFileSync(join(project, "some.test.ts"), tests);
  const { stdout } = runNode(
    [
      join(REPOSITORY, "node_modules/vitest/vitest.mjs"),
      "run",
      "--root",
      project,
      "--reporter=default",
      `--reporter=${join(import.meta.dirname, "closing-line-reporter.ts")}`,
    ],
    { env },
  );
  return stdout.trimEnd().split("\n").at(-1);
};

test("counts passed, failed and skipped tests", () => {
  const tests = `
    import { test } from "vitest";
    test("good", () => {});
    test("bad", () => { throw new Error("bad"); });
    test.skip("skipped", () => {});
  `;
  expect(closingLine(tests, { CI: "true" })).toBe("1 passed, 1 failed, 1 skipped");
});

test("counts a file that does not load as failed", () => {
  expect(closingLine('import "./missing.ts";', { CI: "true" })).toBe("0 passed, 1 failed");
});

test("is silent outside of CI", () => {
  const tests = 'import { test } from "vitest"; test("good", () => {});';
  expect(closingLine(tests, {})).not.toContain("passed, 0 failed");
});

test("a missing tool is a failing test in CI, by name, and a skipped one elsewhere", () => {
  const tests = `
    import { describe, test } from "vitest";
    import { requireTools } from ${JSON.stringify(join(import.meta.dirname, "requirements.ts"))};
    describe.skipIf(!requireTools("no-such-tool"))("with a tool", () => { test("works", () => {}); });
  `;
  expect(closingLine(tests, { CI: "true" })).toBe("0 passed, 1 failed, 1 skipped");
});
