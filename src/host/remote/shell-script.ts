import { shellWord } from "./shell-words.ts";

/** How long a command may take there, in seconds. */
export interface TimedCommand {
  readonly argv: readonly string[];
  readonly seconds: number;
}

/**
 * The same output whatever the account's shell exports, as for the programs of this machine (src/host/process.ts). C.UTF-8 rather than
 * C: journalctl shortens and escapes text that is not ASCII in C; messages of errors are English in both. What NixOS and other
 * systems have on a path is added for accounts that are given none; /run/wrappers first, for the sudo that may change the user.
 */
const ENVIRONMENT = [
  `PATH="\${PATH:+$PATH:}/run/wrappers/bin:/run/current-system/sw/bin:/usr/bin:/bin:/usr/sbin:/sbin"`,
  `HOME="$HOME"`,
  "LC_ALL=C.UTF-8",
  "TZ=UTC",
  "SYSTEMD_COLORS=0",
  "SYSTEMD_PAGER=cat",
  "SYSTEMD_URLIFY=0",
].join(" ");

/** Takes the first words of a fresh shell away, and says `hello` when one with our environment stands in its place. */
export const helloScript = (hello: string): string =>
  `exec env -i ${ENVIRONMENT} sh -c ${shellWord(`printf '\\n%s\\n' ${hello}; printf '\\n%s\\n' ${hello} >&2; exec sh`)}\n`;

/** The marks that stand on both streams: behind each command, and behind all commands of one question. */
export interface Marks {
  /** stdout goes on with a space, the exit status and a newline. */
  readonly ended: string;
  readonly endedErrors: string;
  readonly settled: string;
}

export const marksOf = (nonce: string): Marks => ({
  ended: `\n${nonce} `,
  endedErrors: `\n${nonce}\n`,
  settled: `\n${nonce}.\n`,
});

/** The nonce is a variable that is not exported and comes through stdin: no command there can see it, in its arguments or elsewhere. */
export const setUpScript = (nonce: string): string =>
  `m=${nonce}; ` +
  `ended() { s=$?; printf '\\n%s\\n' "$m" >&2; printf '\\n%s %s\\n' "$m" "$s"; }; ` +
  `settled() { printf '\\n%s.\\n' "$m"; printf '\\n%s.\\n' "$m" >&2; }\n`;

/** Runs commands one after the other, and lets no more than `mostBytes` of their output through. */
export const runScript = (
  prefix: readonly string[],
  commands: readonly TimedCommand[],
  mostBytes: number,
): string =>
  `{ ${commands.map((command) => oneCommand(prefix, command)).join(" ")} } | head -c ${mostBytes}; settled\n`;

/**
 * Runs one command whose output comes in portions: the first of `firstBytes`, then one for each line with a number of bytes that is
 * written to the shell, until a line with 0. A command whose output nobody takes any more is ended by SIGPIPE, under sudo too.
 */
export const streamScript = (
  prefix: readonly string[],
  command: TimedCommand,
  firstBytes: number,
): string =>
  `{ { ${oneCommand(prefix, command)} } 3<&- | ` +
  `{ n=${firstBytes}; while head -c "$n" 3<&-; do read -r n <&3 || break; [ "$n" = 0 ] && break; done; }; } 3<&0; settled\n`;

/**
 * `timeout` stands in front of sudo, so that sudoers(5) can list the commands themselves. It may not end a command of root: one that
 * goes on behind its limit costs the connection when the limit of this side is over, too.
 */
const oneCommand = (prefix: readonly string[], { argv, seconds }: TimedCommand): string =>
  `${["timeout", "--kill-after=2", String(seconds), ...prefix, ...argv].map(shellWord).join(" ")} </dev/null; ended;`;
