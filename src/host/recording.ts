import type { FileStat } from "../evidence/reference.ts";
import type {
  Command,
  CommandEnd,
  CommandResult,
  CommandStream,
  Host,
  Lookup,
  Scope,
} from "./host.ts";
import { maskedHost } from "./masked-host.ts";
import { entriesAt, recordedProbes } from "./recorded-entries.ts";

/** A command that was asked, how it ended, and how long it took. */
export interface AskedCommand extends Command, CommandEnd {
  readonly milliseconds: number;
}

/** Everything that a run asked of a host, with the answers: enough to reason over it again without the host. */
export interface Recording {
  readonly kind: Host["kind"];
  readonly ownJournal: boolean;
  readonly origin: string;
  readonly unreachable?: string;
  readonly missing?: readonly string[];
  readonly lstat: Record<string, Lookup<FileStat>>;
  readonly list: Record<string, Lookup<readonly string[]>>;
  readonly text: Record<string, Lookup<string>>;
  /** By program and arguments, as `keyOf` writes them. */
  readonly commands: Record<string, AskedCommand & { readonly stdout: string }>;
  readonly streams: Record<string, AskedCommand & { readonly lines: readonly string[] }>;
}

/** What a recording of this host says before anything was asked. */
export const emptyRecording = ({
  kind,
  ownJournal,
  origin,
  unreachable,
  missing,
}: Pick<Recording, "kind" | "ownJournal" | "origin"> & {
  readonly unreachable?: string | undefined;
  readonly missing?: readonly string[] | undefined;
}): Recording => ({
  kind,
  ownJournal,
  origin,
  ...(unreachable === undefined ? {} : { unreachable }),
  ...(missing === undefined ? {} : { missing }),
  lstat: {},
  list: {},
  text: {},
  commands: {},
  streams: {},
});

/**
 * The key of a command. What only narrows a query with matches is left out: the reader filters by itself, so that a recording
 * answers for every window inside of what it holds.
 */
export const keyOf = ({ program, args }: Command): string => {
  const hasMatches = args.some((arg) => /^[A-Z_]+=/u.test(arg));
  const kept = hasMatches ? args.filter((arg) => !/^--(?:since|boot)=/u.test(arg)) : args;
  return [program, ...kept].join(" ");
};

export interface RecordingHost {
  readonly host: Host;
  readonly recorded: () => Recording;
}

/** Passes every question on to `host` and remembers the answer. */
export const recordHost = (host: Host): RecordingHost => {
  const kept = emptyRecording(host);
  return {
    recorded: () => kept,
    host: {
      ...host,
      lstat: (path) => remember<FileStat>(kept.lstat, path, host.lstat(path)),
      list: async (path) => {
        const found = await host.list(path);
        kept.list[path] =
          found.status === "present" ? { status: "present", value: [...found.value] } : found;
        return found;
      },
      readText: (path) => remember(kept.text, path, host.readText(path)),
      async run(command) {
        const began = performance.now();
        const result = await host.run(command);
        kept.commands[keyOf(command)] = { ...asked(command, began), ...result };
        return result;
      },
      stream(command) {
        const began = performance.now();
        const stream = host.stream(command);
        const lines: string[] = [];
        const taken = async function* (): AsyncGenerator<Buffer> {
          for await (const line of stream.lines) {
            lines.push(line.toString("utf8"));
            yield line;
          }
        };
        const end = stream.end.then((ended): CommandEnd => {
          kept.streams[keyOf(command)] = { ...asked(command, began), ...ended, lines };
          return ended;
        });
        return { lines: taken(), end };
      },
    },
  };
};

const asked = ({ program, args }: Command, began: number) => ({
  program,
  args,
  milliseconds: Math.round(performance.now() - began),
});

const remember = async <T>(
  into: Record<string, Lookup<T>>,
  key: string,
  answer: Promise<Lookup<T>>,
): Promise<Lookup<T>> => {
  const found = await answer;
  into[key] = found;
  return found;
};

/** Answers from a recording, masked once more: it may be an old one, or edited. What was never asked then is `refused`, never "not there". */
export const replayHost = (recorded: Recording, scope?: Scope): Host => {
  const missing = { status: "refused", reason: "the recording does not hold it" } as const;
  const unasked: CommandResult = {
    exitCode: null,
    stdout: "",
    stderr: missing.reason,
    failure: "not-possible",
  };
  const nearest = recordedProbes(recorded.streams);
  return maskedHost({
    kind: "bundle",
    ownJournal: recorded.ownJournal,
    origin: recorded.origin,
    ...(recorded.unreachable === undefined ? {} : { unreachable: recorded.unreachable }),
    ...(recorded.missing === undefined ? {} : { missing: recorded.missing }),
    ...(scope === undefined ? {} : { scope }),
    lstat: async (path) => recorded.lstat[path] ?? missing,
    list: async (path) => recorded.list[path] ?? missing,
    readText: async (path) => recorded.text[path] ?? missing,
    run: async (command) =>
      recorded.commands[keyOf(command)] ?? entriesAt(recorded, command) ?? unasked,
    stream: (command): CommandStream => {
      const found = recorded.streams[keyOf(command)] ?? nearest(command);
      const lines = found?.lines ?? [];
      const { exitCode, stderr, failure } = found ?? unasked;
      return {
        lines: (async function* () {
          for (const line of lines) yield Buffer.from(line);
        })(),
        end: Promise.resolve({ exitCode, stderr, ...(failure === undefined ? {} : { failure }) }),
      };
    },
  });
};
