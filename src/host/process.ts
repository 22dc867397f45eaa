import { execa } from "execa";
import type { CommandEnd, CommandFailure, CommandResult, CommandStream } from "./host.ts";

const TIMEOUT_SECONDS = 120;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_STDERR_BYTES = 64 * 1024;

/** What a called program may see of our environment: the same output whatever the user's shell exports. */
const environment = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/run/current-system/sw/bin:/usr/bin:/bin",
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  SYSTEMD_COLORS: "0",
  SYSTEMD_PAGER: "cat",
  SYSTEMD_URLIFY: "0",
});

const options = {
  env: {},
  extendEnv: false,
  reject: false,
  stdin: "ignore",
  stripFinalNewline: false,
  timeout: TIMEOUT_SECONDS * 1000,
  forceKillAfterDelay: 1000,
} as const;

/** What one program is given beyond what all get, and where it is held shorter. */
export interface RunLimits {
  readonly environment?: Readonly<Record<string, string>>;
  readonly seconds?: number;
  readonly mostBytes?: number;
}

/** Runs the programs of a host; a program is a file name and its arguments, never a line for a shell. */
export interface Programs {
  /** Never throws: what went wrong is in `failure`. */
  readonly runToEnd: (
    argv: readonly [string, ...string[]],
    limits?: RunLimits,
  ) => Promise<CommandResult>;
  /** Hands out lines as they come; a reader that stops early ends the program. */
  readonly runAsStream: (argv: readonly [string, ...string[]]) => CommandStream;
}

/** Runs a program to its end. Never throws: what went wrong is in `failure`. */
export const runToEnd = async (
  [file, ...args]: readonly [string, ...string[]],
  { environment: own = {}, seconds = TIMEOUT_SECONDS, mostBytes = MOST_BYTES }: RunLimits = {},
): Promise<CommandResult> => {
  const result = await execa(file, args, {
    ...options,
    timeout: seconds * 1000,
    env: { ...environment(), ...own },
    maxBuffer: mostBytes,
  });
  return { ...endOf(result), stdout: result.stdout };
};

/** Runs a program and hands out its lines as they come; a reader that stops early ends the program. */
const runAsStream = ([file, ...args]: readonly [string, ...string[]]): CommandStream => {
  const child = execa(file, args, {
    ...options,
    timeout: 0,
    env: environment(),
    buffer: { stdout: false },
    maxBuffer: { stderr: MOST_STDERR_BYTES },
  });
  let stopped = false;
  const lines = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* splitLines(child.stdout);
    } finally {
      stopped = true;
      child.kill();
    }
  };
  const end = child.then((result): CommandEnd =>
    stopped && result.isTerminated ? { exitCode: 0, stderr: result.stderr } : endOf(result),
  );
  return { lines: lines(), end };
};

/** Runs programs of this machine. */
export const localPrograms: Programs = { runToEnd, runAsStream };

/** Splits at 0x0A only: journalctl prints U+2028 inside its JSON strings, where `readline` would split too. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      const piece = bytes.subarray(from, at);
      yield rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      from = at + 1;
    }
    if (from < bytes.length) rest.push(bytes.subarray(from));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly code?: string | undefined;
}

const endOf = (result: Ended): CommandEnd => {
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
