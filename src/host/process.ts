import { endedStream } from "./ended-stream.ts";
import { execa } from "execa";
import type { CommandEnd, CommandResult, CommandStream } from "./host.ts";
import { endOf, endProgram } from "./process-end.ts";
import { environment, options, USUAL_SECONDS, type RunLimits } from "./process-settings.ts";
import { runAsBytes, runAsStream, type ByteStream } from "./process-stream.ts";

/** An answer that is read as a whole is a list of boots, of paths, of names: none comes near this. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Runs the programs of a host; a program is a file name and its arguments, never a line for a shell. */
export interface Programs {
  /** Never throws: what went wrong is in `failure`. */
  readonly runToEnd: (
    argv: readonly [string, ...string[]],
    limits?: RunLimits,
  ) => Promise<CommandResult>;
  /** Hands out lines as they come; a reader that stops early ends the program. */
  readonly runAsStream: (argv: readonly [string, ...string[]]) => CommandStream;
  /** The same in pieces, whatever the program prints. Not where programs are run line by line. */
  readonly runAsBytes?: (argv: readonly [string, ...string[]]) => ByteStream;
}

/**
 * Runs programs of this machine, each for `seconds` at most. One that did not answer in time is not asked again: it would be as slow,
 * and a report that takes an hour is none.
 */
export const localPrograms = (seconds = USUAL_SECONDS): Programs => {
  const silent = new Set<string>();
  const noteEnd = (file: string, { failure }: CommandEnd): void => {
    if (failure === "timed-out") silent.add(file);
  };
  const noted = async (file: string, end: Promise<CommandEnd>): Promise<CommandEnd> => {
    const ended = await end;
    noteEnd(file, ended);
    return ended;
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
      if (silent.has(file)) return endedStream(notAskedAgain(file, seconds));
      const { lines, end } = runAsStream(argv, { seconds });
      // Who follows a journal waits for what is not there yet: its silence says nothing of the program.
      return { lines, end: argv.includes("--follow") ? end : noted(file, end) };
    },
    runAsBytes(argv) {
      const [file] = argv;
      if (silent.has(file)) {
        const { lines, end } = endedStream(notAskedAgain(file, seconds));
        return { chunks: lines, end };
      }
      const { chunks, end } = runAsBytes(argv, { seconds });
      return { chunks, end: noted(file, end) };
    },
  };
};

const notAskedAgain = (file: string, seconds: number): CommandEnd => ({
  exitCode: null,
  stderr: `${file} gave no answer within ${seconds} s before and was not asked again`,
  failure: "timed-out",
});

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
