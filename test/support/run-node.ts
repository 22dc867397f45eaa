import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const REPOSITORY = join(import.meta.dirname, "../..");

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A program with its arguments that runs node. */
  readonly wrap?: readonly string[];
}

/** Runs the Node that runs the tests, with an environment that is the same on every machine. */
export const runNode = (
  args: readonly string[],
  { env = {}, cwd, wrap = [] }: RunOptions = {},
): Ended => {
  const [file = process.execPath, ...words] = [...wrap, process.execPath, ...args];
  const { status, stdout, stderr } = spawnSync(file, words, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: tmpdir(), TZ: "UTC", LC_ALL: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status, stdout, stderr };
};

/** Runs the built mvdoctor, as a user does. */
export const runMvdoctor = (args: readonly string[], options?: RunOptions): Ended =>
  runNode([join(REPOSITORY, "dist/bin.js"), ...args], options);
