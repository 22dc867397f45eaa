import { expect, it } from "vitest";
import { hasFailed, withCondition } from "../../src/host/present-values.ts";

it.each([
  ["nothing matches", { exitCode: 1, stderr: "" }, false],
  ["no such field", { exitCode: 1, stderr: "Failed to add filter: No data available\n" }, false],
  ["a file is cut off", { exitCode: 1, stderr: "Failed to open files: No data available\n" }, true],
  ["a file is damaged", { exitCode: 1, stderr: "Failed to open files: Bad message\n" }, true],
  ["a file was left out", { exitCode: 0, stderr: "Journal file x is truncated\n" }, false],
  ["it could not be started", { exitCode: null, stderr: "" }, true],
] as const)("journalctl has or has not failed where %s", (_, end, failed) => {
  expect(hasFailed(end)).toBe(failed);
});

it("puts a condition into every alternative", () => {
  expect(withCondition(["A=1", "B=2", "+", "C=3"], ["M=1"])).toEqual([
    "A=1",
    "B=2",
    "M=1",
    "+",
    "C=3",
    "M=1",
  ]);
  expect(withCondition([], ["M=1", "M=2"])).toEqual(["M=1", "M=2"]);
});
