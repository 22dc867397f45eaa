import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A real repository for tests; what this machine configures for git stays out of it. */
export interface GitRepository {
  readonly directory: string;
  git(...args: readonly string[]): string;
  /** Writes files of the work tree, with their directories. */
  write(files: Readonly<Record<string, string>>): void;
  /** Writes the files and commits everything, `at` seconds after 2025-09-27 00:00 UTC; gives the hash. */
  commit(subject: string, files: Readonly<Record<string, string>>, at?: number): string;
}

const MIDNIGHT = Date.UTC(2025, 8, 27) / 1000;

export const gitRepository = (directory: string): GitRepository => {
  mkdirSync(directory, { recursive: true });
  const run = (args: readonly string[], at = 0): string =>
    execFileSync("git", ["-C", directory, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@example.org",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@example.org",
        GIT_AUTHOR_DATE: `${MIDNIGHT + at} +0000`,
        GIT_COMMITTER_DATE: `${MIDNIGHT + at} +0000`,
      },
    });
  run(["init", "--quiet", "--initial-branch=main"]);
  const write: GitRepository["write"] = (files) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
  };
  return {
    directory,
    git: (...args) => run(args),
    write,
    commit(subject, files, at = 0) {
      write(files);
      run(["add", "--all"]);
      run(["commit", "--quiet", "--allow-empty", `--message=${subject}`], at);
      return run(["rev-parse", "HEAD"]).trim();
    },
  };
};
