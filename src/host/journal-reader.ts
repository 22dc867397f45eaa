import { endedStream } from "./ended-stream.ts";
import { readGit } from "./git.ts";
import type { CommandResult, CommandStream, Host } from "./host.ts";
import { maskedHost } from "./masked-host.ts";

/** Answers what journalctl is asked, from wherever the journal lies. `args` as for journalctl(1), without what says where that is. */
export interface JournalReader {
  run(args: readonly string[]): Promise<CommandResult>;
  stream(args: readonly string[]): CommandStream;
}

/** A host whose journal is read elsewhere than the rest of it. */
export const withJournal = (host: Host, journal: JournalReader): Host =>
  maskedHost({
    ...host,
    ownJournal: false,
    run: (command) =>
      command.program === "journalctl" ? journal.run(command.args) : host.run(command),
    stream: (command) =>
      command.program === "journalctl" ? journal.stream(command.args) : host.stream(command),
  });

/**
 * A host of which there is nothing but a journal: its files and programs are refused, which is not the same as not there. git is asked
 * all the same, because a configuration repository lies on the machine that looks.
 *
 * @param origin shown to people
 */
export const journalOnly = (journal: JournalReader, origin: string): Host => {
  const refused = { status: "refused", reason: "only a journal was given" } as const;
  const notPossible: CommandResult = {
    exitCode: null,
    stdout: "",
    stderr: refused.reason,
    failure: "not-possible",
  };
  return maskedHost({
    kind: "root",
    ownJournal: false,
    origin,
    lstat: async () => refused,
    list: async () => refused,
    readText: async () => refused,
    async run({ program, args }) {
      if (program === "journalctl") return journal.run(args);
      return program === "git" ? readGit(args) : notPossible;
    },
    stream: ({ program, args }) =>
      program === "journalctl" ? journal.stream(args) : endedStream(notPossible),
  });
};
