import { execa } from "execa";
import type { CommandEnd, CommandFailure, CommandStream } from "./host.ts";
import { endOf, endProgram } from "./process-end.ts";
import {
  environment,
  MOST_STDERR_BYTES,
  options,
  USUAL_SECONDS,
  type RunLimits,
} from "./process-settings.ts";

/** A stream is not kept as a whole; this much of it ends it all the same. */
const MOST_STREAMED_BYTES = 8 * 1024 * 1024 * 1024;

/** What a program prints, in the pieces in which it comes. */
export interface ByteStream {
  readonly chunks: AsyncIterable<Buffer>;
  readonly end: Promise<CommandEnd>;
}

/** Runs a program and hands out its lines as they come; otherwise as `runAsBytes`. */
export const runAsStream = (
  argv: readonly [string, ...string[]],
  limits: RunLimits = {},
): CommandStream => {
  const { chunks, end } = runAsBytes(argv, limits);
  return { lines: splitLines(chunks), end };
};

/**
 * Runs a program and hands out what it prints as it comes. Ends it when it is silent for `seconds`, prints more than `mostBytes`, or when
 * the reader stops early.
 */
export const runAsBytes = (
  [file, ...args]: readonly [string, ...string[]],
  { seconds = USUAL_SECONDS, mostBytes = MOST_STREAMED_BYTES }: RunLimits = {},
): ByteStream => {
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
  const chunks = async function* (): AsyncGenerator<Buffer> {
    let bytes = 0;
    let isDone = false;
    let isAwaited = true;
    const silence = setTimeout(() => {
      // Whoever reads slowly is not kept waiting.
      if (isAwaited) stop("timed-out");
    }, seconds * 1000);
    try {
      for await (const chunk of child.stdout) {
        isAwaited = false;
        bytes += chunk.length;
        if (bytes > mostBytes) {
          stop("too-much-output");
          return;
        }
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
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
  return { chunks: chunks(), end };
};

/** A line is held no further than this; what is longer is no entry of a journal that anybody can read. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;

/** Splits at 0x0A only: journalctl prints U+2028 inside its JSON strings, where `readline` would split too. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const bytes of chunks) {
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
