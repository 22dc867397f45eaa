import type { CommandEnd, Host } from "../host.ts";
import { hostOf } from "../open-host.ts";
import { lastWords } from "./command-end.ts";
import { remoteFiles } from "./remote-files.ts";
import { remotePrograms, UNANSWERED } from "./remote-programs.ts";
import { openShell } from "./remote-shell.ts";
import { sshArguments, whyNoDestination } from "./ssh-arguments.ts";

export interface RemoteOptions {
  /** Runs each command behind `sudo -n`. */
  readonly sudo?: boolean;
  /** Arguments for ssh(1) in front of the destination, such as `-F FILE`. */
  readonly options?: readonly string[];
  /** How long a host may take until a shell answers; 30 without it. */
  readonly seconds?: number;
}

/** A host over ssh, or why it cannot be asked: one sentence without a full stop, in which foreign words are one line. */
export type RemoteOpened =
  | { readonly status: "opened"; readonly host: Host; close(): Promise<void> }
  | { readonly status: "unreachable"; readonly why: string };

const SUDO = ["sudo", "-n", "--"];
const OPENING_SECONDS = 30;

/**
 * Opens the host that ssh(1) knows as `destination` (`[USER@]HOST`, `ssh://...`, or a name of ssh_config(5)). One ssh process for all
 * questions; only commands of REMOTE_COMMANDS run there. A connection that is lost later is told in every answer that it costs.
 */
export const openRemote = async (
  destination: string,
  { sudo = false, options = [], seconds = OPENING_SECONDS }: RemoteOptions = {},
): Promise<RemoteOpened> => {
  const wrong = whyNoDestination(destination);
  if (wrong !== undefined) {
    return { status: "unreachable", why: `${JSON.stringify(destination)} is no host: ${wrong}` };
  }
  const opened = await openShell({
    name: destination,
    argv: ["ssh", ...sshArguments(destination, options)],
    prefix: sudo ? SUDO : [],
    seconds,
  });
  if (opened.status === "unreachable") return opened;
  const { shell } = opened;
  const programs = remotePrograms(shell);
  const [user = UNANSWERED] = await programs.ask([["id", "-u"]]);
  if (user.exitCode !== 0) {
    await shell.close();
    return { status: "unreachable", why: whyNoCommand(sudo, user) };
  }
  const isRoot = user.stdout.toString("latin1").trim() === "0";
  return {
    status: "opened",
    host: hostOf({
      files: remoteFiles(programs),
      programs,
      root: "/",
      journal: [],
      isRoot: async () => isRoot,
      live: true,
      origin: destination,
    }),
    close: () => shell.close(),
  };
};

/** The first command shows whether any can run. */
const whyNoCommand = (sudo: boolean, { failure, stderr }: CommandEnd): string => {
  const words = lastWords(Buffer.from(stderr)) ?? "it did not say why";
  if (!sudo) return `no command runs there: ${words}`;
  return failure === "not-installed"
    ? "sudo is not installed there"
    : `sudo runs nothing there without a password: ${words}`;
};
