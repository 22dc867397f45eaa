import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleOptions } from "../../rolldown.config.ts";
import { runNode } from "../support/run-node.ts";

// Bundled like mvdoctor: from its sources, oclif alone takes a third of a second to load.
const source = join(import.meta.dirname, "program");
const program = mkdtempSync(join(tmpdir(), "mvdoctor-program-"));
const bin = join(program, "bin.js");

beforeAll(async () => {
  const input = {
    bin: join(source, "bin.ts"),
    "commands/probe": join(source, "commands/probe.ts"),
  };
  await build({ ...bundleOptions(input, program), logLevel: "silent" });
  cpSync(join(source, "package.json"), join(program, "package.json"));
});

afterAll(() => {
  rmSync(program, { recursive: true });
});

const probe = (...args: string[]) => runNode([bin, "probe", ...args]);

const asked = (...args: string[]) => {
  const { stdout } = probe(...args);
  return JSON.parse(stdout) as {
    vms: string[];
    flags: Record<string, unknown>;
    format: string;
    padding: string;
  };
};

describe("wrong usage ends with 2 and one line on stderr", () => {
  test.for<[string, string[], string]>([
    ["an unknown flag", ["--nonsense"], "nonexistent flag: --nonsense"],
    ["a flag without its value", ["--since"], "flag --since expects a value"],
    ["an empty value", ["--root="], "--root is empty"],
    [
      "an unknown format",
      ["-o", "pdf"],
      "expected --output=pdf to be one of: text, markdown, json",
    ],
    ["a bundle and a root", ["--bundle=a", "--root=/mnt"], "cannot also be provided"],
    ["a bundle and a directory", ["--bundle=a", "-D", "/mnt"], "cannot also be provided"],
    ["a bundle and a file", ["--bundle=a", "--file", "x"], "cannot also be provided"],
    ["a directory and a file", ["-D", "/mnt", "--file", "x"], "cannot also be provided"],
    ["a boot that is none", ["--boot=yesterday"], '"yesterday" is no boot'],
    ["two formats", ["--json", "-o", "text"], "--json cannot be used with --output=text"],
    ["an unknown severity", ["--fail-on=fatal"], "expected --fail-on=fatal to be one of"],
  ])("%s", ([, args, message]) => {
    const ended = probe(...args);
    expect(ended).toMatchObject({ status: 2 });
    expect(ended.stderr).toMatch(/^mvdoctor: [^\n]*\n$/u);
    expect(ended.stderr).toContain(message);
  });

  test("an unknown command", () => {
    const ended = runNode([bin, "prob", "test-vm"]);
    expect(ended).toStrictEqual({
      status: 2,
      stdout: "",
      stderr: "mvdoctor: no such command: prob (see mvdoctor --help)\n",
    });
  });

  test("is told on stdout too where JSON was asked for", () => {
    const ended = probe("--nonsense", "-o", "json");
    expect(ended.status).toBe(2);
    expect(JSON.parse(ended.stdout)).toStrictEqual({
      error: {
        code: "wrong-usage",
        message: "nonexistent flag: --nonsense",
        hint: "see mvdoctor probe --help",
      },
    });
  });

  test("is not commented on by oclif in a development environment", () => {
    const ended = runNode([bin, "probe", "--nonsense"], { env: { NODE_ENV: "development" } });
    expect(ended.stderr).toMatch(/^mvdoctor: [^\n]*\n$/u);
  });
});

describe("failures", () => {
  test("a foreseen one shows message and hint, and ends with its own status", () => {
    expect(probe("--fail=expected")).toStrictEqual({
      status: 4,
      stdout: "",
      stderr: "mvdoctor: no such VM: ghost\nhint: mvdoctor list shows the VMs\n",
    });
  });

  test("a foreseen one is an object with error where JSON was asked for", () => {
    const ended = probe("--fail=expected", "--json");
    expect(ended.status).toBe(4);
    expect(JSON.parse(ended.stdout)).toStrictEqual({
      error: {
        code: "no-such-vm",
        message: "no such VM: ghost",
        hint: "mvdoctor list shows the VMs",
        vm: "ghost",
      },
    });
  });

  test.for(["bug", "late-bug"])("a %s ends with 70, a stack and whom to tell", (kind) => {
    const ended = probe(`--fail=${kind}`);
    expect(ended.status).toBe(70);
    expect(ended.stderr).toMatch(/TypeError: .*\n +at /u);
    expect(ended.stderr).toContain("please report it");
  });

  test("work that never ends is a bug and not a success", () => {
    const ended = probe("--fail=never-settles");
    expect(ended.status).toBe(70);
    expect(ended.stderr).toContain("ended before the work was done");
  });

  test("an interrupt ends with 130", () => {
    expect(probe("--fail=interrupt")).toMatchObject({ status: 130, stdout: "" });
  });
});

describe("output", () => {
  test("of a megabyte arrives whole through a pipe", () => {
    expect(asked("--size=1000000").padding).toHaveLength(1_000_000);
  });

  test("into a closed pipe ends quietly and with the status of what was found", () => {
    const { stdout, stderr } = spawnSync(
      "bash",
      [
        "-c",
        `"$0" "$1" probe --size=1000000 | true; echo "\${PIPESTATUS[0]}"`,
        process.execPath,
        bin,
      ],
      { encoding: "utf8" },
    );
    expect({ stdout, stderr }).toStrictEqual({ stdout: "1\n", stderr: "" });
  });

  test.for([["probe"], ["--help"], ["--version"]])("of %s to a full disk ends with 2", (args) => {
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", '"$@" >/dev/full', "bash", process.execPath, bin, ...args],
      { encoding: "utf8" },
    );
    expect({ status, stderr }).toStrictEqual({
      status: 2,
      stderr: "mvdoctor: cannot write to standard output: no space left on device\n",
    });
  });

  test("to a file that cannot be written ends with 2", () => {
    expect(probe("--output-file", "/nonexistent/report.md")).toStrictEqual({
      status: 2,
      stdout: "",
      stderr: "mvdoctor: cannot write to /nonexistent/report.md: no such file or directory\n",
    });
  });
});

describe("flags", () => {
  test("--file takes one value each and leaves the VMs alone", () => {
    const { vms, flags } = asked("--file", "a.journal", "--file", "b.journal", "test-vm", "other");
    expect({ vms, file: flags["file"] }).toStrictEqual({
      vms: ["test-vm", "other"],
      file: ["a.journal", "b.journal"],
    });
  });

  test.for<[string[], string, string[]]>([
    [["-b"], "0", []],
    [["-b", "test-vm"], "0", ["test-vm"]],
    [["-b", "-1", "test-vm"], "-1", ["test-vm"]],
    [["-b-1"], "-1", []],
    [["--boot=0123456789abcdef0123456789abcdef-2"], "0123456789abcdef0123456789abcdef-2", []],
  ])("%j is boot %s", ([args, boot, vms]) => {
    const answer = asked(...args);
    expect({ boot: answer.flags["boot"], vms: answer.vms }).toStrictEqual({ boot, vms });
  });

  test("--fail-on is error unless said otherwise", () => {
    expect(asked().flags["fail-on"]).toBe("error");
  });

  test("the format comes from -o, then from the extension", () => {
    expect(asked("-o", "markdown").format).toBe("markdown");
    expect(asked("--json").format).toBe("json");
  });
});

describe("help", () => {
  test.for([[["help", "probe"]], [["probe", "--help"]]])(
    "%j shows the flags of the command",
    ([args]) => {
      const ended = runNode([bin, ...(args ?? [])]);
      expect(ended.status).toBe(0);
      expect(ended.stdout).toContain("probe [VM...] [FLAGS]");
      expect(ended.stdout).toContain("-b, --boot=[ID]");
    },
  );
});
