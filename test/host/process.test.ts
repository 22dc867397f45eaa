import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localPrograms, runToEnd } from "../../src/host/process.ts";

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-process-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const program = async (name: string, text: string): Promise<readonly [string]> => {
  const file = join(scratch, name);
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return [file];
};

describe("a program", () => {
  it("that is not there says so", async () => {
    expect(await runToEnd(["/nonexistent/program"])).toMatchObject({ failure: "not-installed" });
  });

  it("that hangs is ended, though a child of its own keeps the pipe open", async () => {
    const argv = await program("hangs", "echo first\nsleep 20\necho last");
    const before = Date.now();
    const result = await runToEnd(argv, { seconds: 0.2 });
    expect(result).toMatchObject({ failure: "timed-out", stdout: "first\n" });
    expect(Date.now() - before).toBeLessThan(10_000);
  });

  it("that did not answer in time is not asked again", async () => {
    const argv = await program("hangs-once", `echo x >> ${scratch}/asked\nsleep 20`);
    const programs = localPrograms(0.3);
    expect(await programs.runToEnd(argv)).toMatchObject({ failure: "timed-out" });
    const again = programs.runAsStream(argv);
    const lines: string[] = [];
    for await (const line of again.lines) lines.push(String(line));
    expect(lines).toEqual([]);
    expect(await again.end).toMatchObject({ failure: "timed-out" });
    expect((await runToEnd(["cat", join(scratch, "asked")])).stdout).toBe("x\n");
  });

  it("that is silent while it follows a journal is asked again", async () => {
    const argv = [...(await program("follows", "sleep 20")), "--follow"] as const;
    const programs = localPrograms(0.3);
    for (let times = 0; times < 2; times += 1) {
      const { lines, end } = programs.runAsStream(argv);
      for await (const line of lines) expect(String(line)).toBe("never");
      expect(await end).toMatchObject({ failure: "timed-out", stderr: "" });
    }
    expect((await programs.runToEnd(argv)).stderr).not.toContain("was not asked again");
  });

  it("that prints without an end is cut", async () => {
    const result = await runToEnd(["yes"], { mostBytes: 1000 });
    expect(result.failure).toBe("too-much-output");
    expect(result.stdout).toHaveLength(1000);
  });
});

describe("a stream", () => {
  it("that falls silent is ended, with the lines that came", async () => {
    const argv = await program("falls-silent", "echo first\nsleep 20\necho last");
    const stream = localPrograms(0.3).runAsStream(argv);
    const lines: string[] = [];
    for await (const line of stream.lines) lines.push(String(line));
    expect(lines).toEqual(["first"]);
    expect(await stream.end).toMatchObject({ failure: "timed-out", exitCode: null });
  });

  it("waits for a reader that takes its time", async () => {
    const argv = await program("slow-reader", "echo first\necho last");
    const stream = localPrograms(0.2).runAsStream(argv);
    const lines: string[] = [];
    for await (const line of stream.lines) {
      lines.push(String(line));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(lines).toEqual(["first", "last"]);
    expect(await stream.end).toMatchObject({ exitCode: 0 });
  });

  it("that fails behind its last line keeps its exit status", async () => {
    const argv = await program("fails-late", "echo first\nexec >&-\nsleep 0.2\nexit 7");
    const stream = localPrograms().runAsStream(argv);
    const lines: string[] = [];
    for await (const line of stream.lines) lines.push(String(line));
    expect(lines).toEqual(["first"]);
    expect(await stream.end).toMatchObject({ exitCode: 7 });
  });

  it("ends its program when the reader stops early", async () => {
    const stream = localPrograms().runAsStream(["yes"]);
    for await (const line of stream.lines) {
      expect(String(line)).toBe("y");
      break;
    }
    expect(await stream.end).toEqual({ exitCode: 0, stderr: "" });
  });
});
