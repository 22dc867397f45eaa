import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { manPages } from "../../src/dev/man-pages.ts";
import { requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const FOLDER = join(REPOSITORY, "docs/man");

describe("the manual", () => {
  let generated: ReadonlyMap<string, string> = new Map();
  beforeAll(async () => {
    generated = await manPages();
  });

  it("is what npm run generate writes", async () => {
    const files = await readdir(FOLDER);
    const committed = await Promise.all(
      files.map(async (file) => [file, await readFile(join(FOLDER, file), "utf8")] as const),
    );
    expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(generated));
  });

  it("has a page for each command, and all of it is in the package", async () => {
    const commands = await readdir(join(REPOSITORY, "commands"));
    for (const command of commands)
      expect([...generated.keys()]).toContain(`mvdoctor-${command.replace(/\.ts$/u, ".1")}`);
    expect(packageJson.man).toEqual(
      [...generated.keys()].map((page) => `docs/man/${page}`).toSorted(),
    );
  });

  it("tells every rule", () => {
    const rules = [...(generated.get("mvdoctor-rules.7") ?? "").matchAll(/^\.It Sy (\S+)/gmu)];
    expect(rules.length).toBeGreaterThan(70);
  });

  it.skipIf(!requireTools("mandoc"))("is free of what mandoc warns of", async () => {
    const pages = [...generated.keys()].map((page) => join(FOLDER, page));
    const { stdout } = await execa("mandoc", ["-Tlint", "-Wwarning", ...pages], { reject: false });
    expect(stdout).toBe("");
  });

  it.skipIf(!requireTools("mandoc"))("fits a terminal of 80 columns", async () => {
    const { stdout } = await execa("mandoc", ["-Tascii", join(FOLDER, "mvdoctor-diagnose.1")]);
    const overstruck = new RegExp(`.${String.fromCodePoint(8)}`, "gu");
    const printed = stdout.replaceAll(overstruck, "").split("\n");
    expect(printed.filter((line) => line.length > 80)).toEqual([]);
    expect(printed.join("\n")).toContain("-H [USER@]HOST, --host=[USER@]HOST");
  });
});
