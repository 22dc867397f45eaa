import type { Readable } from "node:stream";
import type { CommandEnd, CommandFailure } from "./host.ts";
import { MOST_STDERR_BYTES } from "./process-settings.ts";

/** Ends a program and takes its pipes away: a child of its own would keep them open. */
export const endProgram = (child: Running): void => {
  child.kill();
  child.stdout.destroy();
  child.stderr.destroy();
};

interface Running {
  readonly stdout: Readable;
  readonly stderr: Readable;
  kill(): boolean;
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly code?: string | undefined;
}

/** How a program ended, from what execa says of it. */
export const endOf = (result: Ended): CommandEnd => {
  const failure = failureOf(result);
  return {
    exitCode: result.exitCode ?? null,
    stderr: result.stderr.slice(0, MOST_STDERR_BYTES),
    ...(failure ? { failure } : {}),
  };
};

const failureOf = (result: Ended): CommandFailure | undefined => {
  if (result.code === "ENOENT" || result.code === "EACCES") return "not-installed";
  if (result.timedOut) return "timed-out";
  return result.isMaxBuffer ? "too-much-output" : undefined;
};
