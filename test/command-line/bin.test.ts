import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { REPOSITORY, runMvdoctor, runNode } from "../support/run-node.ts";

describe("on a Node that is too old", () => {
  const startedWith = (version: string) => {
    const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
    return runMvdoctor(["--version"], {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretend)}` },
    });
  };

  test.for(["18.20.8", "20.20.2", "22.11.0"])("%s is refused in one line", (version) => {
    expect(startedWith(version)).toStrictEqual({
      status: 2,
      stdout: "",
      stderr: `mvdoctor: needs Node.js ${packageJson.engines.node.replace(">=", "")} or newer, this is ${version}\n`,
    });
  });

  test.for(["22.12.0", "24.0.0"])("%s is not", (version) => {
    expect(startedWith(version).status).toBe(0);
  });

  test("nothing is loaded before the check", () => {
    const text = readFileSync(join(REPOSITORY, "dist/bin.js"), "utf8");
    expect(text).not.toMatch(/^import\b/mu);
  });
});

describe("dist/ alone", () => {
  let copy = "";
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "mvdoctor-dist-"));
    cpSync(join(REPOSITORY, "dist"), copy, { recursive: true });
  });
  afterAll(() => {
    rmSync(copy, { recursive: true });
  });

  test.for(["--version", "-V"])("%s prints name and version", (flag) => {
    expect(runNode([join(copy, "bin.js"), flag], { cwd: "/" })).toStrictEqual({
      status: 0,
      stdout: `mvdoctor ${packageJson.version}\n`,
      stderr: "",
    });
  });

  test.for([["--help"], ["-h"], ["help"], []])("%j lists the commands", (args) => {
    const manifest = JSON.parse(readFileSync(join(copy, "oclif.manifest.json"), "utf8")) as {
      commands: Record<string, { summary: string }>;
    };
    const ended = runNode([join(copy, "bin.js"), ...args], { cwd: "/" });
    expect(ended).toMatchObject({ status: 0, stderr: "" });
    for (const [id, { summary }] of Object.entries(manifest.commands)) {
      expect(ended.stdout).toMatch(new RegExp(`^  ${id} +${summary.slice(0, 20)}`, "mu"));
    }
  });

  test("names the licences of what is bundled", () => {
    const licenses = readFileSync(join(copy, "THIRD-PARTY-LICENSES"), "utf8");
    const oclif = licenses.slice(licenses.indexOf("@oclif/core")).split("\n").slice(0, 5);
    expect(oclif.join("\n")).toMatch(/^@oclif\/core \S+ \(MIT\)\n\nMIT License\n\nCopyright/u);
  });
});
