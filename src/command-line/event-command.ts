import { execa } from "execa";
import parseArguments from "string-argv";
import { EXIT } from "./exit-status.ts";
import { ExpectedError } from "./expected-error.ts";
import { interruption } from "./interruption.ts";
import { warn } from "./warn.ts";

/** One thing to tell a command of. */
export interface CommandEvent {
  /** Written to its standard input. */
  readonly json: string;
  /** What it is about, as variables that are easier to use from a script than JSON. */
  readonly variables: Readonly<Record<`MVDOCTOR_${string}`, string>>;
}

export interface EventCommand {
  /** Runs the command for this event once those before it have ended. */
  readonly tell: (event: CommandEvent) => void;
  /** Settles when all have ended. */
  readonly ended: () => Promise<void>;
}

interface Limits {
  /** How long one run may last, in seconds. */
  readonly seconds: number;
  /** How many events may wait. */
  readonly waiting: number;
}

const USUAL: Limits = { seconds: 60, waiting: 100 };

/**
 * A command that is run for events, one after the other, so that it needs no lock of its own. It is the user's own command and gets
 * the user's rights; its output goes to stderr, since stdout is for what was asked for. Whatever it does, it ends nothing but itself.
 */
export const eventCommand = (text: string, limits: Limits = USUAL): EventCommand => {
  const argv = commandWords(text);
  let waiting = 0;
  let last = Promise.resolve();
  const behind = async (others: Promise<void>, event: CommandEvent): Promise<void> => {
    await others;
    waiting -= 1;
    await run(argv, event, limits);
  };
  return {
    tell(event) {
      if (waiting >= limits.waiting) {
        warn([`--exec: not run for one event: ${waiting} others wait for ${argv[0]}`]);
        return;
      }
      waiting += 1;
      last = behind(last, event);
    },
    ended: () => last,
  };
};

/** What a shell would act on; a word of it in quotes is refused as well, because quotes are gone here. */
const FOR_SHELL = /^(?:\d*(?:[<>]|>>|<<).*|[|&;()].*|.+;)$|^(?:\$\(|`)/su;

/**
 * The program and its arguments, split at spaces outside of quotes; nothing is expanded. What only a shell would understand is refused,
 * rather than handed to a program as a word.
 *
 * @internal
 */
export const commandWords = (text: string): readonly [string, ...string[]] => {
  const [file, ...args] = parseArguments(text);
  const refuse = (message: string, hint: string): ExpectedError =>
    new ExpectedError(`--exec ${JSON.stringify(text)} ${message}`, { exitCode: EXIT.usage, hint });
  if (file === undefined || file === "")
    throw refuse("names no program", "for example --exec ./tell-me");
  // What is one argument of a shell is for that shell.
  const odd = [file, ...args].find((word) => !word.includes(" ") && FOR_SHELL.test(word));
  if (odd !== undefined)
    throw refuse(
      `needs a shell for ${odd}, and none is started`,
      `start one: --exec "sh -c '...'"`,
    );
  return [file, ...args];
};

/** What a notifier needs to find its programs, its files and the user's session. */
const KEPT = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
  "DISPLAY",
  "WAYLAND_DISPLAY",
];

const run = async (
  [file, ...args]: readonly [string, ...string[]],
  { json, variables }: CommandEvent,
  { seconds }: Limits,
): Promise<void> => {
  const result = await execa(file, args, {
    input: json,
    // Not to ours: that is a document.
    stdout: 2,
    stderr: 2,
    env: {
      ...Object.fromEntries(KEPT.flatMap((name) => entryOf(name, process.env[name]))),
      ...variables,
    },
    extendEnv: false,
    timeout: seconds * 1000,
    forceKillAfterDelay: 1000,
    cancelSignal: interruption(),
    reject: false,
  });
  const about = `${variables["MVDOCTOR_RULE"] ?? ""} of ${variables["MVDOCTOR_VM"] ?? ""}`;
  const how = result.isCanceled
    ? undefined
    : result.timedOut
      ? `was ended after ${seconds} s`
      : result.exitCode === undefined
        ? result.signal === undefined
          ? `cannot be started: ${result.code ?? result.shortMessage ?? "no reason was given"}`
          : `was ended by ${result.signal}`
        : result.exitCode === 0
          ? undefined
          : `ended with ${result.exitCode}`;
  if (how !== undefined) warn([`--exec: ${file} ${how}, for ${about}`]);
};

const entryOf = (name: string, value: string | undefined): readonly (readonly [string, string])[] =>
  value === undefined ? [] : [[name, value]];
