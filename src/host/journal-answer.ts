import type { Micros } from "../vocabulary.ts";
import type { CommandEnd, CommandFailure, CommandResult } from "./host.ts";
import type { Position } from "./journal-order.ts";
import { parseJournalQuery, type Alternative, type JournalQuery } from "./journal-query.ts";
import type { JournalReader } from "./journal-reader.ts";

/** One entry of a source, with its JSON made only where it is asked for. */
export interface SourceEntry {
  readonly position: Position;
  /** The line that `journalctl --output=json --all` prints, without its newline. */
  json(): Buffer | string;
  /** The text of MESSAGE; `undefined` where there is none. */
  message(): string | undefined;
}

/** The entries that a source is asked for: those for which one of the alternatives holds, between two times that both belong to it. */
export interface Selection {
  readonly alternatives: readonly Alternative[];
  readonly since?: Micros;
  readonly until?: Micros;
  readonly isReverse: boolean;
}

export interface BootSpan {
  readonly id: string;
  readonly first: number;
  readonly last: number;
}

/** Entries that lie in no journal file of this machine. What cannot be answered is thrown as a JournalFailure. */
export interface EntrySource {
  /** In the journal's order, or in reverse. */
  entries(selection: Selection): AsyncIterable<SourceEntry>;
  /** Every value that a field has somewhere. */
  values(field: string): Promise<readonly string[]>;
  /** The oldest first. */
  boots(): Promise<readonly BootSpan[]>;
  /** What of the source could not be read so far: it stands on stderr, as journalctl's own complaints do. */
  complaints(): readonly string[];
}

/** Why a source cannot answer. */
export class JournalFailure extends Error {
  readonly exitCode: number | null;
  readonly failure: CommandFailure | undefined;

  /** @param failure without one, journalctl would have ended with status 1. */
  constructor(message: string, failure?: CommandFailure) {
    super(message);
    this.exitCode = failure === undefined ? 1 : null;
    this.failure = failure;
  }
}

/** As much as a program may print (src/host/process.ts). */
const MOST_BYTES = 64 * 1024 * 1024;

/** Answers journalctl's questions from a source, in the shape of journalctl's answers (252 to 262). Never throws for what it holds. */
export const answering = (source: EntrySource): JournalReader => {
  const endOf = (error: unknown): CommandEnd => {
    if (error === undefined) return { exitCode: 0, stderr: complaintText(source) };
    if (!(error instanceof JournalFailure)) throw error;
    return {
      exitCode: error.exitCode,
      stderr: `${error.message}\n${complaintText(source)}`,
      ...(error.failure === undefined ? {} : { failure: error.failure }),
    };
  };

  return {
    async run(args): Promise<CommandResult> {
      const lines: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const line of answerLines(source, args)) {
          bytes += line.length + 1;
          if (bytes > MOST_BYTES)
            throw new JournalFailure("the answer is larger than 64 MiB", "too-much-output");
          lines.push(line, NEWLINE);
        }
        return { ...endOf(undefined), stdout: Buffer.concat(lines).toString("utf8") };
      } catch (error) {
        return { ...endOf(error), stdout: Buffer.concat(lines).toString("utf8") };
      }
    },
    stream(args) {
      const { promise: end, resolve, reject } = Promise.withResolvers<CommandEnd>();
      const lines = async function* (): AsyncGenerator<Buffer> {
        let failed: unknown;
        try {
          yield* answerLines(source, args);
        } catch (error) {
          failed = error;
        } finally {
          try {
            resolve(endOf(failed));
          } catch (error) {
            reject(error);
          }
        }
      };
      return { lines: lines(), end };
    },
  };
};

const NEWLINE = Buffer.from("\n");

const complaintText = (source: EntrySource): string =>
  source
    .complaints()
    .map((complaint) => `${complaint}\n`)
    .join("");

async function* answerLines(source: EntrySource, args: readonly string[]): AsyncGenerator<Buffer> {
  const parsed = parseJournalQuery(args);
  if (parsed.status === "unknown") {
    throw new JournalFailure(
      `this journal cannot be asked with ${parsed.argument}: it is read without journalctl`,
      "not-possible",
    );
  }
  const { query } = parsed;
  switch (query.kind) {
    case "values":
      for (const value of await source.values(query.field)) yield Buffer.from(value);
      return;
    case "boots":
      yield Buffer.from(bootsJson(await source.boots()));
      return;
    case "entries":
      for await (const entry of entriesOf(source, query)) yield Buffer.from(entry.json());
  }
}

const bootsJson = (boots: readonly BootSpan[]): string =>
  JSON.stringify(
    boots.map(({ id, first, last }, index) => ({
      index: index - boots.length + 1,
      boot_id: id,
      first_entry: first,
      last_entry: last,
    })),
  );

type EntryQuery = Extract<JournalQuery, { kind: "entries" }>;

async function* entriesOf(source: EntrySource, query: EntryQuery): AsyncGenerator<SourceEntry> {
  if (query.lines === 0) return;
  const { boot, since, until } = query;
  const alternatives =
    boot === undefined
      ? query.alternatives
      : withBoot(query.alternatives, await bootWanted(source, boot));
  const selected = source.entries({
    alternatives,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    isReverse: query.isReverse || query.lines !== undefined,
  });
  const newest: SourceEntry[] = [];
  let taken = 0;
  for await (const entry of selected) {
    if (query.grep !== undefined && !query.grep.test(entry.message() ?? "")) continue;
    taken += 1;
    if (query.lines === undefined || query.isReverse) yield entry;
    else newest.push(entry);
    if (taken === query.lines) break;
  }
  yield* newest.toReversed();
}

const withBoot = (alternatives: readonly Alternative[], boot: string): readonly Alternative[] =>
  alternatives.map((alternative) => new Map([...alternative, ["_BOOT_ID", [boot]]]));

/** journalctl(1), --boot: 0 is the last boot, -1 the one before, 1 the first. A boot that is named by its id alone is a mere match. */
const bootWanted = async (
  source: EntrySource,
  { id, offset }: NonNullable<EntryQuery["boot"]>,
): Promise<string> => {
  if (id !== undefined && offset === 0) return id;
  const boots = await source.boots();
  const named = boots.findIndex((boot) => boot.id === id);
  const from = id === undefined ? (offset > 0 ? -1 : boots.length - 1) : named;
  const found = id !== undefined && named === -1 ? undefined : boots[from + offset];
  if (found === undefined) {
    const spec = `${id ?? ""}${id !== undefined && offset > 0 ? "+" : ""}${offset}`;
    throw new JournalFailure(`No journal boot entry found for the specified boot (${spec}).`);
  }
  return found.id;
};
