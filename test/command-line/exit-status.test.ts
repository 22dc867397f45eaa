import { expect, test } from "vitest";
import { statusOfFindings, type FailOn } from "../../src/command-line/exit-status.ts";
import type { Severity } from "../../src/vocabulary.ts";

test.for<[Severity[], FailOn, boolean, number]>([
  [[], "error", true, 0],
  [["error"], "error", true, 1],
  [["critical"], "error", true, 1],
  [["warning", "info"], "error", true, 0],
  [["warning"], "warning", true, 1],
  [["error"], "critical", true, 0],
  [["error"], "never", true, 0],
  // Incomplete evidence: findings win, and "nothing" cannot be said.
  [[], "error", false, 3],
  [["error"], "error", false, 1],
  [["info"], "error", false, 3],
  [["info"], "never", false, 0],
  [[], "never", false, 3],
])("%j with --fail-on=%s, complete: %s, is %i", ([severities, failOn, complete, status]) => {
  expect(statusOfFindings(severities, { failOn, complete })).toBe(status);
});
