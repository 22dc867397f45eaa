import type { Readable } from "node:stream";
import { execa } from "execa";
import type { CommandEnd, CommandFailure, CommandResult, CommandStream } from "./host.ts";

/** How long a program may take for an answer, or be silent while it streams one. */
const USUAL_SECONDS = 60;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_STDERR_BYTES = 64 * 1024;
/** A stream is not kept as a whole; this much of it ends it all the same. */
const MOST_STREAMED_BYTES = 8 * 1024 * 1024 * 1024;

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
  { environment: own = {}, seconds = USUAL_SECONDS, mostBytes = MOST_BYTES }: RunLimits = {},
): Promise<CommandResult> => {
  const child = execa(file, args, {
    ...options,
    env: { ...environment(), ...own },
    maxBuffer: mostBytes,
  });
  let isLate = false;
  const clock = setTimeout(() => {
    isLate = true;
    endProgram(child);
  }, seconds * 1000);
  const result = await child;
  clearTimeout(clock);
  return {
    ...(isLate ? { ...endOf(result), failure: "timed-out" as const } : endOf(result)),
    stdout: result.stdout ?? "",
  };
};

/** Ends a program and takes its pipes away: a child of its own would keep them open. */
const endProgram = (child: Running): void => {
  child.kill();
  child.stdout.destroy();
  child.stderr.destroy();
};

interface Running {
  readonly stdout: Readable;
  readonly stderr: Readable;
  kill(): boolean;
}

const runAsStream = (
  [file, ...args]: readonly [string, ...string[]],
  { seconds = USUAL_SECONDS, mostBytes = MOST_STREAMED_BYTES }: RunLimits = {},
): CommandStream => {
  const child = execa(file, args, {
    ...options,
    env: environment(),
    buffer: { stdout: false },
    maxBuffer: { stderr: MOST_STDERR_BYTES },
  });
  let stopped: "by-reader" | CommandFailure | undefined;
  const stop = (why: "by-reader" | CommandFailure): void => {
    stopped ??= why;
    endProgram(child);
  };
  const lines = async function* (): AsyncGenerator<Buffer> {
    let bytes = 0;
    let isDone = false;
    let isAwaited = true;
    const silence = setTimeout(() => {
      // Whoever reads slowly is not kept waiting.
      if (isAwaited) stop("timed-out");
    }, seconds * 1000);
    try {
      for await (const line of splitLines(child.stdout)) {
        isAwaited = false;
        bytes += line.length + 1;
        if (bytes > mostBytes) {
          stop("too-much-output");
          return;
        }
        yield line;
        isAwaited = true;
        silence.refresh();
      }
      isDone = true;
    } catch (error) {
      // The pipe of a program that was ended breaks off.
      if (stopped === undefined) throw error;
    } finally {
      clearTimeout(silence);
      if (!isDone) stop("by-reader");
    }
  };
  const end = child.then((result): CommandEnd => {
    if (stopped === undefined) return endOf(result);
    const { stderr } = result;
    return stopped === "by-reader"
      ? { exitCode: 0, stderr }
      : { exitCode: null, stderr, failure: stopped };
  });
  return { lines: lines(), end };
};

/**
 * Runs programs of this machine, each for `seconds` at most. One that did not answer in time is not asked again: it would be as slow,
 * and a report that takes an hour is none.
 */
export const localPrograms = (seconds = USUAL_SECONDS): Programs => {
  const silent = new Set<string>();
  const noteEnd = (file: string, { failure }: CommandEnd): void => {
    if (failure === "timed-out") silent.add(file);
  };
  return {
    async runToEnd(argv, limits = {}) {
      const [file] = argv;
      if (silent.has(file)) return { ...notAskedAgain(file, seconds), stdout: "" };
      const result = await runToEnd(argv, { seconds, ...limits });
      noteEnd(file, result);
      return result;
    },
    runAsStream(argv) {
      const [file] = argv;
      if (silent.has(file))
        return { lines: noLines(), end: Promise.resolve(notAskedAgain(file, seconds)) };
      const stream = runAsStream(argv, { seconds });
      const end = stream.end.then((ended) => {
        noteEnd(file, ended);
        return ended;
      });
      return { lines: stream.lines, end };
    },
  };
};

const notAskedAgain = (file: string, seconds: number): CommandEnd => ({
  exitCode: null,
  stderr: `${file} gave no answer within ${seconds} s before and was not asked again`,
  failure: "timed-out",
});

async function* noLines(): AsyncGenerator<Buffer> {
  // Nothing was read.
}

/** A line is held no further than this; what is longer is no entry of a journal that anybody can read. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;

/** Splits at 0x0A only: journalctl prints U+2028 inside its JSON strings, where `readline` would split too. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      const piece = bytes.subarray(from, at);
      yield rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      held = 0;
      from = at + 1;
    }
    if (from === bytes.length || held > MOST_LINE_BYTES) continue;
    rest.push(bytes.subarray(from));
    held += bytes.length - from;
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
