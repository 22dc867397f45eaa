import { endedStream } from "../ended-stream.ts";
import type { CommandResult } from "../host.ts";
import type { Programs } from "../process.ts";
import { failed } from "./command-end.ts";
import { isRemoteCommand } from "./listed-command.ts";
import { NOTHING, type RemoteAnswer } from "./remote-answers.ts";
import type { RemoteShell } from "./remote-shell.ts";

/** As for the programs of this machine (src/host/process.ts). */
const SECONDS = 120;
const MOST_BYTES = 64 * 1024 * 1024;
/** A journal is read to its end, over whatever line there is. */
const STREAM_SECONDS = 1800;

interface Limits {
  readonly seconds?: number;
  /** Of the output of all commands together. */
  readonly mostBytes?: number;
}

/** The programs of another host: those of REMOTE_COMMANDS, and none besides. */
export interface RemotePrograms extends Programs {
  /** Runs commands one after the other in one round trip; an answer for each, in bytes. Never throws. */
  readonly ask: (
    commands: readonly (readonly string[])[],
    limits?: Limits,
  ) => Promise<readonly RemoteAnswer[]>;
}

export const remotePrograms = (shell: RemoteShell): RemotePrograms => {
  const ask: RemotePrograms["ask"] = async (
    commands,
    { seconds = SECONDS, mostBytes = MOST_BYTES } = {},
  ) => {
    const unlisted = commands.find((argv) => !isRemoteCommand(argv));
    return unlisted === undefined
      ? shell.run(
          commands.map((argv) => ({ argv, seconds })),
          mostBytes,
        )
      : commands.map(() => refusal(unlisted));
  };

  return {
    ask,
    async runToEnd(argv, { environment, ...limits } = {}): Promise<CommandResult> {
      if (environment !== undefined) return textOf(refusal(argv));
      const [answer = UNANSWERED] = await ask([argv], limits);
      return textOf(answer);
    },
    runAsStream(argv) {
      if (isRemoteCommand(argv)) return shell.stream({ argv, seconds: STREAM_SECONDS });
      return endedStream(refusal(argv));
    },
  };
};

const textOf = (answer: RemoteAnswer): CommandResult => ({
  ...answer,
  stdout: answer.stdout.toString("utf8"),
});

const refusal = ([program = ""]: readonly string[]): RemoteAnswer => ({
  ...failed("not-possible", `this is not asked of another host: ${program}`),
  stdout: NOTHING,
});

/** For a command that the shell gave no answer for, which it does not do. */
export const UNANSWERED: RemoteAnswer = {
  ...failed("not-possible", "its host gave no answer"),
  stdout: NOTHING,
};
