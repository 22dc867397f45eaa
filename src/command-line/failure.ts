import { stripVTControlCharacters } from "node:util";
import { CLIError, ExitError } from "@oclif/core/errors";
import { EXIT, type FailureStatus } from "./exit-status.ts";
import { ExpectedError } from "./expected-error.ts";
import { asksForJson } from "./output-format.ts";
import { writeOutput } from "./output.ts";

interface Failure {
  readonly exitCode: number;
  /** For people; empty where there is nothing to tell. */
  readonly stderr: string;
  /** For programs, below `error`. */
  readonly error: Readonly<Record<string, unknown>>;
}

const CODES = {
  [EXIT.usage]: "wrong-usage",
  [EXIT.incomplete]: "incomplete",
  [EXIT.unknownVm]: "no-such-vm",
  [EXIT.badBundle]: "bad-bundle",
} satisfies Record<FailureStatus, string>;

/** Tells a failure and sets the exit status. Never throws: nothing would tell of that. */
export const reportFailure = async (error: unknown, argv: readonly string[]): Promise<void> => {
  const failure = describeFailure(error, argv);
  process.exitCode = failure.exitCode;
  if (failure.stderr === "") return;
  process.stderr.write(failure.stderr);
  if (!asksForJson(argv)) return;
  await writeOutput(`${JSON.stringify({ error: failure.error }, undefined, 2)}\n`).catch(
    () => undefined,
  );
};

const describeFailure = (error: unknown, argv: readonly string[]): Failure => {
  if (error instanceof ExpectedError) return expectedFailure(error);
  if (error instanceof ExitError)
    return { exitCode: error.oclif.exit ?? EXIT.ok, stderr: "", error: {} };
  if (error instanceof CLIError && error.oclif.exit === EXIT.usage)
    return usageFailure(error.message, argv);
  return bug(error);
};

const expectedFailure = ({ message, exitCode, hint, details }: ExpectedError): Failure => ({
  exitCode,
  stderr: `mvdoctor: ${printable(message)}\n${hint === undefined ? "" : `hint: ${hint}\n`}`,
  error: { code: CODES[exitCode], message, ...(hint === undefined ? {} : { hint }), ...details },
});

const usageFailure = (text: string, argv: readonly string[]): Failure => {
  const isUnknownCommand = /^command .* not found\.?$/isu.test(text);
  const message = isUnknownCommand
    ? `no such command: ${printable(argv[0] ?? "")}`
    : usageMessage(text);
  const hint = `see mvdoctor ${isUnknownCommand ? "" : `${argv[0] ?? ""} `}--help`;
  return {
    exitCode: EXIT.usage,
    stderr: `mvdoctor: ${message} (${hint})\n`,
    error: { code: CODES[EXIT.usage], message, hint },
  };
};

/** oclif's message as one line, without what it wraps around it. */
const usageMessage = (text: string): string => {
  const message = printable(text)
    .replace("See more help with --help", "")
    .replace(/^The following errors? occurred: /u, "")
    .replace(/^Parsing --[\w-]+ /u, "")
    .trim();
  return message.slice(0, 1).toLowerCase() + message.slice(1);
};

/** Without line breaks and escape sequences: a name may come from the host that is looked at. */
const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();

const bug = (error: unknown): Failure => {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    exitCode: EXIT.bug,
    stderr: `${stack ?? message}\nmvdoctor: this is a bug in mvdoctor, please report it with the lines above\n`,
    error: { code: "bug", message },
  };
};
