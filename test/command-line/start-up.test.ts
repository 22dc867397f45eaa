import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

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
