import * as v from "valibot";
import type { FileStat } from "../evidence/reference.ts";
import { micros } from "../vocabulary.ts";
import type { Command, CommandEnd, CommandResult, CommandStream, Host, Lookup } from "./host.ts";
import { maskedHost } from "./masked-host.ts";

const SCHEMA = "mvdoctor-evidence";
const VERSION = 1;

const time = v.pipe(v.number(), v.transform(micros));

const fileStat = v.object({
  type: v.picklist([
    "file",
    "directory",
    "symlink",
    "socket",
    "fifo",
    "character-device",
    "block-device",
  ]),
  mode: v.number(),
  uid: v.number(),
  gid: v.number(),
  size: v.number(),
  mtime: time,
  ctime: time,
  birth: v.exactOptional(time),
  links: v.exactOptional(v.number()),
  target: v.exactOptional(v.string()),
});

const lookupOf = <Value extends v.GenericSchema>(value: Value) =>
  v.variant("status", [
    v.object({ status: v.literal("present"), value }),
    v.object({ status: v.picklist(["absent", "denied", "loop"]) }),
    v.object({ status: v.literal("refused"), reason: v.string() }),
  ]);

const commandEnd = {
  exitCode: v.nullable(v.number()),
  stderr: v.string(),
  failure: v.exactOptional(
    v.picklist(["not-installed", "timed-out", "too-much-output", "not-possible"]),
  ),
};

const recording = v.object({
  schema: v.literal(SCHEMA),
  version: v.literal(VERSION),
  lstat: v.record(v.string(), lookupOf(fileStat)),
  list: v.record(v.string(), lookupOf(v.array(v.string()))),
  text: v.record(v.string(), lookupOf(v.string())),
  commands: v.record(v.string(), v.object({ ...commandEnd, stdout: v.string() })),
  streams: v.record(v.string(), v.object({ ...commandEnd, lines: v.array(v.string()) })),
});

/** Everything that a run asked of a host, with the answers: enough to reason over it again without the host. */
export type Recording = v.InferOutput<typeof recording>;

/** A recording from the text of its file; `undefined` where the text is none, or one of another version. */
export const parseRecording = (text: string): Recording | undefined => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), recording), text);
  return parsed.success ? parsed.output : undefined;
};

/** Writes a recording with sorted keys, so that the same evidence gives the same bytes. */
export const recordingText = (recorded: Recording): string =>
  `${JSON.stringify(recorded, (_, value: unknown) => (isPlainObject(value) ? sorted(value) : value), 1)}\n`;

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const sorted = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/**
 * The key of a command. What only narrows a query with matches is left out: the reader filters by itself, so that a recording
 * answers for every window inside of what it holds.
 */
const keyOf = ({ program, args }: Command): string => {
  const hasMatches = args.some((arg) => /^[A-Z_]+=/u.test(arg));
  const kept = hasMatches ? args.filter((arg) => !/^--(?:since|boot)=/u.test(arg)) : args;
  return [program, ...kept].join(" ");
};

export interface RecordingHost {
  readonly host: Host;
  recorded(): Recording;
}

/**
 * Passes every question on to `host` and remembers the answer.
 *
 * @internal
 */
export const recordHost = (host: Host): RecordingHost => {
  const kept: Recording = {
    schema: SCHEMA,
    version: VERSION,
    lstat: {},
    list: {},
    text: {},
    commands: {},
    streams: {},
  };
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
        const result = await host.run(command);
        kept.commands[keyOf(command)] = result;
        return result;
      },
      stream(command) {
        const stream = host.stream(command);
        const lines: string[] = [];
        const taken = async function* (): AsyncGenerator<Buffer> {
          for await (const line of stream.lines) {
            lines.push(line.toString("utf8"));
            yield line;
          }
        };
        const end = stream.end.then((ended): CommandEnd => {
          kept.streams[keyOf(command)] = { ...ended, lines };
          return ended;
        });
        return { lines: taken(), end };
      },
    },
  };
};

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
export const replayHost = (recorded: Recording, origin: string): Host => {
  const missing = { status: "refused", reason: "the recording does not hold it" } as const;
  const unasked: CommandResult = {
    exitCode: null,
    stdout: "",
    stderr: missing.reason,
    failure: "not-possible",
  };
  return maskedHost({
    kind: "bundle",
    ownJournal: false,
    origin,
    lstat: async (path) => recorded.lstat[path] ?? missing,
    list: async (path) => recorded.list[path] ?? missing,
    readText: async (path) => recorded.text[path] ?? missing,
    run: async (command) => recorded.commands[keyOf(command)] ?? unasked,
    stream: (command): CommandStream => {
      const found = recorded.streams[keyOf(command)];
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
