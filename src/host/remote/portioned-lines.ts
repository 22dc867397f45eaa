import type { CommandEnd, CommandStream } from "../host.ts";
import type { ByteReader, ReadUntil } from "./byte-reader.ts";
import { commandEnd, failed } from "./command-end.ts";
import type { Marks } from "./shell-script.ts";

/** A reader that takes one line wastes no more than this of what a host prints. */
const FIRST_PORTION = 32 * 1024;
const LARGEST_PORTION = 1024 * 1024;
const LONGEST_LINE = 64 * 1024 * 1024;

/** How the shell of a host is asked for the output of one command in portions. */
export interface Portions {
  readonly marks: Marks;
  readonly stdout: ByteReader;
  /** Waits for the turn and starts the command; gives what ends the turn. The shell takes no other question before `whole`. */
  readonly begin: (firstBytes: number, whole: Promise<unknown>) => Promise<() => void>;
  /** Asks for so many bytes more; 0 for an end. */
  readonly more: (bytes: number) => void;
  readonly errors: () => Promise<ReadUntil>;
  /** Waits for output, as long as the command may take. */
  readonly waitFor: <T>(answer: Promise<T>) => Promise<T>;
  /** Waits for a command to end that was told to. */
  readonly settled: <T>(answer: Promise<T>) => Promise<T>;
  readonly loss: (errors: Buffer) => Promise<CommandEnd>;
}

/** Hands out the lines of a command; a reader that is slow slows it down, one that stops early ends it. */
export const portionedLines = (portions: Portions): CommandStream => {
  const { promise: end, resolve: settle } = Promise.withResolvers<CommandEnd>();
  return { lines: readLines(portions, settle), end };
};

const readLines = async function* (
  { marks, stdout, begin, more, errors, waitFor, settled, loss }: Portions,
  settle: (end: CommandEnd) => void,
): AsyncGenerator<Buffer> {
  const whole = Promise.withResolvers<void>();
  const done = await begin(FIRST_PORTION, whole.promise);
  const complaints = errors();
  let portion = FIRST_PORTION;
  /** Bytes that were asked for and have not come. */
  let due = FIRST_PORTION;
  let isLost = false;
  let end: ((stderr: string) => CommandEnd) | undefined;

  /** The next bytes, with a new portion under way when half of the last one is there. */
  const next = async (): Promise<Buffer | undefined> => {
    if (due <= portion / 2) {
      portion = Math.min(2 * portion, LARGEST_PORTION);
      due += portion;
      more(portion);
    }
    const chunk = await waitFor(stdout.next());
    due -= chunk?.length ?? 0;
    return chunk;
  };

  try {
    /** A line that has begun, in pieces. */
    let line: Buffer[] = [];
    let length = 0;
    /** What may be the beginning of the mark behind the output. */
    let held: Buffer = Buffer.alloc(0);
    while (end === undefined) {
      const chunk = await next();
      if (chunk === undefined) {
        isLost = true;
        break;
      }
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const at = bytes.indexOf(marks.ended);
      const close = at < 0 ? -1 : bytes.indexOf("\n", at + marks.ended.length);
      const certain = at < 0 ? Math.max(0, bytes.length - marks.ended.length + 1) : at;
      held = bytes.subarray(certain);
      if (close >= 0) {
        const status = Number(bytes.toString("latin1", at + marks.ended.length, close));
        end = (stderr) => commandEnd(status, stderr);
        // Given back before any line is handed out: the reader may stop at each.
        stdout.unread(bytes.subarray(close + 1));
      }
      let from = 0;
      for (
        let newline = bytes.indexOf(10);
        newline >= 0 && newline < certain;
        newline = bytes.indexOf(10, from)
      ) {
        const piece = bytes.subarray(from, newline);
        from = newline + 1;
        const taken = line.length === 0 ? piece : Buffer.concat([...line, piece]);
        line = [];
        length = 0;
        yield taken;
      }
      if (from < certain) {
        line.push(bytes.subarray(from, certain));
        length += certain - from;
      }
      if (length > LONGEST_LINE) {
        line = [];
        end = (stderr) => failed("too-much-output", stderr);
      }
    }
    if (line.length > 0 && !isLost) yield Buffer.concat(line);
  } finally {
    more(0);
    whole.resolve();
    const [rest, stderr] = await settled(Promise.all([stdout.until(marks.settled, 0), complaints]));
    const [words = ""] = stderr.bytes.toString("utf8").split(marks.endedErrors);
    if (isLost || rest.status === "ended" || stderr.status === "ended") {
      const lost = await loss(stderr.bytes);
      settle(isLost || end === undefined ? lost : end(words));
    } else {
      // A reader that stopped has what it wanted.
      settle(end?.(words) ?? { exitCode: 0, stderr: words });
    }
    done();
  }
};
