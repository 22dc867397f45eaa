import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeOutput } from "../../src/command-line/output.ts";

let directory = "";
const inside = (name: string): string => join(directory, name);
const modeOf = (name: string): number => lstatSync(inside(name)).mode & 0o777;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mvdoctor-output-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

test("a new file is readable by all that the umask allows, and nothing else is left behind", async () => {
  await writeOutput("report\n", { file: inside("report.md") });
  expect(readFileSync(inside("report.md"), "utf8")).toBe("report\n");
  expect(modeOf("report.md")).toBe(0o644 & ~process.umask());
  expect(readdirSync(directory)).toStrictEqual(["report.md"]);
});

test("a file that is there keeps its permissions", async () => {
  writeFileSync(inside("report.md"), "old");
  chmodSync(inside("report.md"), 0o600);
  await writeOutput("new", { file: inside("report.md") });
  expect(readFileSync(inside("report.md"), "utf8")).toBe("new");
  expect(modeOf("report.md")).toBe(0o600);
});

test("a symlink is replaced, and what it points to stays", async () => {
  writeFileSync(inside("precious"), "precious");
  symlinkSync("precious", inside("report.md"));
  await writeOutput("report", { file: inside("report.md") });
  expect(readFileSync(inside("precious"), "utf8")).toBe("precious");
  expect(lstatSync(inside("report.md")).isFile()).toBe(true);
});

test("a device is written to and not replaced", async () => {
  symlinkSync("/dev/null", inside("null"));
  await writeOutput("report", { file: inside("null") });
  expect(lstatSync(inside("null")).isSymbolicLink()).toBe(true);
});

test("a directory is refused, with the reason of the system", async () => {
  mkdirSync(inside("reports"));
  await expect(writeOutput("report", { file: inside("reports") })).rejects.toMatchObject({
    name: "ExpectedError",
    exitCode: 2,
    message: `cannot write to ${inside("reports")}: illegal operation on a directory`,
  });
  expect(readdirSync(directory)).toStrictEqual(["reports"]);
});
