import type { CommandEnd, CommandFailure } from "../host.ts";

/**
 * What a command came to there. timeout(1) gives 124 for a command that it ended, 137 for one that it had to kill, and 126 and 127,
 * as the shell does, for one that cannot be run or found.
 */
export const commandEnd = (status: number, stderr: string): CommandEnd => {
  if (status === 1 && SUDO_FINDS_NONE.test(stderr)) return failed("not-installed", stderr);
  const refusal = status === 1 ? SUDO_REFUSES.exec(stderr)?.[0] : undefined;
  if (refusal !== undefined) return failed("not-possible", printable(refusal));
  const failure = FAILURES.get(status);
  return failure === undefined ? { exitCode: status, stderr } : { exitCode: null, stderr, failure };
};

const FAILURES: ReadonlyMap<number, CommandFailure> = new Map([
  [124, "timed-out"],
  [137, "timed-out"],
  [126, "not-installed"],
  [127, "not-installed"],
]);

const SUDO_FINDS_NONE = /^sudo: .*: command not found$/mu;

/** sudo 1.8 to 1.9: with `-n`, and for a command or a user that sudoers(5) does not list. */
const SUDO_REFUSES =
  /^(?:sudo: (?:a password is required|.*authentication is required|sorry, you must have a tty.*|.*must be setuid root.*|.*must be owned by uid 0.*)|Sorry, user .*|\S+ is not in the sudoers file.*)$/mu;

export const failed = (failure: CommandFailure, stderr: string): CommandEnd => ({
  exitCode: null,
  stderr,
  failure,
});

/** The last line that says something, of what ssh or a host wrote: one line, without control characters, of 300 characters at most. */
export const lastWords = (bytes: Buffer): string | undefined => {
  const words = bytes
    .toString("utf8")
    .split(/[\r\n]+/u)
    .map((line) => printable(line).trim())
    .findLast((line) => line !== "");
  return words?.slice(0, 300);
};

const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, "\uFFFD");
