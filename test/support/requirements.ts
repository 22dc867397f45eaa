import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "vitest";
import { IS_CI } from "./ci.ts";

/** Programs of systemd lie outside of PATH. */
const DIRECTORIES = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
  "/usr/lib/systemd",
  "/lib/systemd",
];

/** Where a program is installed. */
export const installedAt = (name: string): string | undefined =>
  DIRECTORIES.map((directory) => join(directory, name)).find((path) => existsSync(path));

/**
 * Whether all of these programs are installed. To be called while a test file is collected:
 * `describe.skipIf(!requireTools("strace"))("...", ...)`. In CI, where skipping would hide a gap, what is missing
 * becomes a failing test.
 */
export const requireTools = (...names: readonly string[]): boolean => {
  const missing = names.filter((name) => installedAt(name) === undefined);
  if (IS_CI) {
    for (const name of missing) {
      test(`needs ${name}`, () => {
        throw new Error(`${name} is not installed (test/support/install-tools.sh installs it)`);
      });
    }
  }
  return missing.length === 0;
};

/** The same for being root. */
export const requireRoot = (): boolean => {
  const isRoot = process.getuid?.() === 0;
  if (IS_CI && !isRoot) {
    test("needs root", () => {
      throw new Error("only root can do this");
    });
  }
  return isRoot;
};
