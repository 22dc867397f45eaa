import { endedStream } from "./ended-stream.ts";
import type { Command, CommandResult, Host } from "./host.ts";
import { maskedHost } from "./masked-host.ts";

/** What would be asked of a host: commands with their arguments, and paths with what is done to them. */
export interface Plan {
  readonly commands: readonly Command[];
  readonly looked: readonly string[];
  readonly listed: readonly string[];
  readonly read: readonly string[];
}

/** A host that is asked nothing: it answers that nothing is known, and keeps what it was asked. */
export const plannedHost = (): { readonly host: Host; readonly plan: () => Plan } => {
  const commands = new Map<string, Command>();
  const looked = new Set<string>();
  const listed = new Set<string>();
  const read = new Set<string>();
  const unknown = { status: "refused", reason: "nothing is read" } as const;
  const unasked: CommandResult = {
    exitCode: null,
    stdout: "",
    stderr: unknown.reason,
    failure: "not-possible",
  };
  const keep = (command: Command): void => {
    commands.set([command.program, ...command.args].join("\0"), command);
  };
  return {
    plan: () => ({
      commands: [...commands.values()],
      looked: [...looked].toSorted(),
      listed: [...listed].toSorted(),
      read: [...read].toSorted(),
    }),
    host: maskedHost({
      kind: "live",
      ownJournal: true,
      origin: "a plan",
      async lstat(path) {
        looked.add(path);
        return unknown;
      },
      async list(path) {
        listed.add(path);
        return unknown;
      },
      async readText(path) {
        read.add(path);
        return unknown;
      },
      async run(command) {
        keep(command);
        return unasked;
      },
      stream(command) {
        keep(command);
        return endedStream(unasked);
      },
    }),
  };
};
