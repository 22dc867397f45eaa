import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Which of these programs this machine lacks, a sentence each; by program, the package of Debian that brings it. */
export const missingPrograms = (programs: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(programs).flatMap(([program, brings]) =>
    isInstalled(program) ? [] : [`${program} is not installed (package ${brings})`],
  );

export const isInstalled = (name: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"].some((directory) =>
    existsSync(join(directory, name)),
  );
