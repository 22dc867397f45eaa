import type { Command, CommandEnd, Host } from "./host.ts";

/** A command that a host was asked for, and how it ended. */
export interface NotedCommand {
  readonly argv: readonly string[];
  /** How often it was asked for. */
  readonly times: number;
  /** The ways in which it ended, each once, sorted: `0`, `not-installed`. */
  readonly ends: readonly string[];
}

/** A host that keeps which commands it was asked for; they are given in the order of their words, since many are asked at once. */
export const notingCommands = (
  host: Host,
): { readonly host: Host; readonly noted: () => readonly NotedCommand[] } => {
  const asked = new Map<string, { readonly argv: readonly string[]; ends: string[] }>();
  const keep = ({ program, args }: Command): ((end: CommandEnd) => void) => {
    const argv = [program, ...args];
    const key = argv.join("\0");
    const one = asked.get(key) ?? { argv, ends: [] };
    asked.set(key, one);
    return ({ failure, exitCode }) => {
      one.ends.push(failure ?? String(exitCode ?? "signal"));
    };
  };
  return {
    noted: () =>
      [...asked]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { argv, ends }]) => ({
          argv,
          times: ends.length,
          ends: [...new Set(ends)].toSorted(),
        })),
    host: {
      ...host,
      async run(command) {
        const ended = keep(command);
        const result = await host.run(command);
        ended(result);
        return result;
      },
      stream(command) {
        const ended = keep(command);
        const stream = host.stream(command);
        return {
          ...stream,
          end: stream.end.then((how) => {
            ended(how);
            return how;
          }),
        };
      },
    },
  };
};
