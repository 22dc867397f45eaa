import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY, runNode } from "../support/run-node.ts";

/** The .js files that Node opens: a count that is the same on every machine, where milliseconds are not. */
const openedScripts = (flag: string): string[] => {
  const { stderr } = spawnSync(
    "strace",
    ["-f", "-e", "trace=open,openat", process.execPath, join(REPOSITORY, "dist/bin.js"), flag],
    { encoding: "utf8" },
  );
  return [...stderr.matchAll(/open(?:at)?\(.*"([^"]+\.js)".* = \d+$/gmu)].map(
    (match) => match[1] ?? "",
  );
};

describe.skipIf(!requireTools("strace"))("start-up", () => {
  test.for(["--version", "--help"])("%s opens fewer than 10 .js files", (flag) => {
    const scripts = openedScripts(flag);
    expect(scripts).toContain(join(REPOSITORY, "dist/bin.js"));
    expect(scripts.length).toBeLessThan(10);
  });

  test.for(["--version", "--help"])("%s loads no command", (flag) => {
    expect(openedScripts(flag).filter((file) => file.includes("/commands/"))).toStrictEqual([]);
  });
});

/** Complains of each pattern that is made with a name for two of its groups. */
const WATCH_PATTERNS = `
globalThis.RegExp = new Proxy(RegExp, {
  construct(target, args, self) {
    const names = [...String(args[0]?.source ?? args[0]).matchAll(/\\(\\?<([A-Za-z]\\w*)>/g)].map(([, name]) => name);
    if (new Set(names).size < names.length) console.error("a name for two groups: " + names);
    return Reflect.construct(target, args, self);
  },
});`;

describe("the oldest Node that package.json allows", () => {
  test("finds no syntax that it does not know", () => {
    const scripts = globSync(join(REPOSITORY, "dist/**/*.js"));
    expect(scripts.length).toBeGreaterThan(10);
    for (const script of scripts)
      expect(readFileSync(script, "utf8")).not.toMatch(/^\s*(?:await )?using \w+ = /mu);
  });

  test("finds no pattern with a name for two groups", () => {
    const hook = `data:text/javascript,${encodeURIComponent(WATCH_PATTERNS)}`;
    const bundle = join(REPOSITORY, "fixtures/incidents/secret-never-loaded/evidence.mvb");
    const program = join(REPOSITORY, "dist/bin.js");
    const { stdout, stderr } = runNode(["--import", hook, program, "list", "--bundle", bundle]);
    expect(stdout).toContain("test-vm");
    expect(stderr).toBe("");
  });
});
