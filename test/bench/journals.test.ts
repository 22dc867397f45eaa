import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { journalDirectory, journalPlan } from "../../bench/journals.ts";
import { requireTools } from "../support/requirements.ts";

test.for([
  ["100k-of-1m", { relevant: 100_000, total: 1_000_000, hasSuccess: false }],
  ["600-of-600+success", { relevant: 600, total: 600, hasSuccess: true }],
  ["1m-of-100k", undefined],
  ["0-of-10", undefined],
  ["100k", undefined],
] as const)("%s is a name of a journal, or is none", ([name, plan]) => {
  expect(journalPlan(name)).toEqual(plan);
});

describe.skipIf(!requireTools("journalctl", "systemd-journal-remote"))("a journal", () => {
  let scratch = "";
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-bench-test-"));
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(scratch, { recursive: true, force: true });
  });

  const made = (name: string, cache: string): Promise<string> => {
    vi.stubEnv("MVDOCTOR_BENCH_CACHE", join(scratch, cache));
    return journalDirectory(name);
  };
  const asked = async (dir: string, ...args: readonly string[]): Promise<readonly string[]> =>
    (await execa("journalctl", ["-D", dir, "--no-pager", "--utc", ...args])).stdout.split("\n");

  test("holds whole rounds of the loop among the entries of others", async () => {
    const dir = await made("1k-of-3k", "one");
    const loop = await asked(dir, "-o", "cat", "-u", "microvm@test-vm.service");
    // 166 rounds of 6 lines.
    expect(loop).toHaveLength(996);
    expect(loop.slice(-6)).toEqual([
      "Starting MicroVM 'test-vm'...",
      "Started MicroVM 'test-vm'.",
      "cat: /run/secrets/vars/test-vm-secrets/api-key: Permission denied",
      "microvm@test-vm.service: Main process exited, code=exited, status=1/FAILURE",
      "microvm@test-vm.service: Failed with result 'exit-code'.",
      "microvm@test-vm.service: Scheduled restart job, restart counter is at 166.",
    ]);
    expect(await asked(dir, "-o", "cat")).toHaveLength(996 + 2_000 + 1);
  });

  test("has the same entries and cursors wherever it is made", async () => {
    const [one, other] = [await made("600-of-1k", "one"), await made("600-of-1k", "other")];
    expect(one).not.toBe(other);
    expect(await asked(one, "-o", "export")).toEqual(await asked(other, "-o", "export"));
  });

  test("has one success in the middle where one is wanted", async () => {
    const dir = await made("600-of-600+success", "one");
    const sizes = (await asked(dir, "-o", "cat")).filter((line) => line.includes(" bytes"));
    expect(sizes).toEqual(["[    2.710552] token-report[391]: API_KEY = 41 bytes"]);
  });

  test("is made once, and nothing of the making is left", async () => {
    const dir = await made("600-of-1k", "one");
    expect(await made("600-of-1k", "one")).toBe(dir);
    expect((await readdir(join(dir, ".."))).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
