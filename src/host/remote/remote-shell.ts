import { randomBytes } from "node:crypto";
import type { CommandEnd, CommandStream } from "../host.ts";
import { failed } from "./command-end.ts";
import { answersIn, NOTHING, type RemoteAnswer } from "./remote-answers.ts";
import {
  helloScript,
  marksOf,
  runScript,
  setUpScript,
  streamScript,
  type TimedCommand,
} from "./shell-script.ts";
import { startShell } from "./shell-process.ts";
import { portionedLines } from "./portioned-lines.ts";

/** The one shell on another host, in which all commands run one after the other. Nothing here throws. */
export interface RemoteShell {
  /**
   * Runs commands in one round trip, and gives an answer for each. `mostBytes` is of all output together. Questions do not wait for
   * each other's answers on their way there.
   */
  readonly run: (
    commands: readonly TimedCommand[],
    mostBytes: number,
  ) => Promise<readonly RemoteAnswer[]>;
  /**
   * Runs a command from the moment its first line is taken. Until its lines end or their reader stops, nothing else is answered: who
   * reads lines must not wait for another answer in between.
   */
  readonly stream: (command: TimedCommand) => CommandStream;
  readonly close: () => Promise<void>;
}

export type ShellOpened =
  | { readonly status: "opened"; readonly shell: RemoteShell }
  | { readonly status: "unreachable"; readonly why: string };

interface Opening {
  /** Shown to people. */
  readonly name: string;
  /** What brings a shell that reads its commands from stdin. */
  readonly argv: readonly [string, ...string[]];
  /** In front of every command. */
  readonly prefix: readonly string[];
  /** How long the host may take until its shell answers. */
  readonly seconds: number;
}

const MOST_ERRORS = 64 * 1024;
/** Of what stands in front of the shell's first word, for the reason where there is none. */
const MOST_NOISE = 4096;
/** What the way there and back may add to a command's own limit. */
const GRACE_SECONDS = 15;

/** Opens the shell; what a banner or a start-up file prints in front of its first word is passed over. */
export const openShell = async ({ name, argv, prefix, seconds }: Opening): Promise<ShellOpened> => {
  const { stdout, stderr, ...shell } = startShell(argv);
  const hello = randomBytes(16).toString("hex");
  const nonce = randomBytes(16).toString("hex");
  const marks = marksOf(nonce);

  /** The process is ended where an answer does not come in time: it then ends, as an unfinished one. */
  const within = async <T>(limit: number, answer: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => {
      shell.end(`it did not answer within ${limit} seconds`);
    }, limit * 1000);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  };

  shell.write(helloScript(hello));
  const [first, firstErrors] = await within(
    seconds,
    Promise.all([
      stdout.until(`\n${hello}\n`, MOST_NOISE),
      stderr.until(`\n${hello}\n`, MOST_NOISE),
    ]),
  );
  if (first.status === "ended" || firstErrors.status === "ended") {
    return { status: "unreachable", why: await shell.reason(firstErrors.bytes, first.bytes) };
  }
  shell.write(setUpScript(nonce));

  let lost: string | undefined;
  const loss = async (errors: Buffer): Promise<CommandEnd> => {
    lost ??= `the connection to ${name} was lost: ${await shell.reason(errors)}`;
    return failed("not-possible", lost);
  };

  /** Questions are written in the order of their turns, and read in it. One that is in the middle of its portions is waited for. */
  let read: Promise<unknown> = Promise.resolve();
  let written: Promise<unknown> = Promise.resolve();
  const takeTurn = async (script: string, whole?: Promise<unknown>): Promise<() => void> => {
    const [before, open] = [read, written];
    const { promise, resolve } = Promise.withResolvers<void>();
    read = promise;
    if (whole !== undefined) written = whole;
    await open;
    shell.write(script);
    await before;
    return resolve;
  };

  const run: RemoteShell["run"] = async (commands, mostBytes) => {
    const done = await takeTurn(runScript(prefix, commands, mostBytes));
    const limit = commands.reduce((sum, command) => sum + command.seconds + 2, GRACE_SECONDS);
    const [output, errors] = await within(
      limit,
      Promise.all([
        stdout.until(marks.settled, mostBytes),
        stderr.until(marks.settled, MOST_ERRORS * commands.length),
      ]),
    );
    const lostNow =
      output.status === "ended" || errors.status === "ended" ? await loss(errors.bytes) : undefined;
    done();
    if (lostNow !== undefined) return commands.map(() => ({ ...lostNow, stdout: NOTHING }));
    return answersIn(marks, {
      output: output.bytes,
      errors: errors.bytes.toString("utf8"),
      count: commands.length,
    });
  };

  return {
    status: "opened",
    shell: {
      run,
      stream: (command) =>
        portionedLines({
          marks,
          stdout,
          begin: (firstBytes, whole) => takeTurn(streamScript(prefix, command, firstBytes), whole),
          more: (bytes) => {
            shell.write(`${bytes}\n`);
          },
          errors: () => stderr.until(marks.settled, MOST_ERRORS),
          waitFor: (answer) => within(command.seconds + GRACE_SECONDS, answer),
          settled: (answer) => within(GRACE_SECONDS, answer),
          loss,
        }),
      close: shell.close,
    },
  };
};
