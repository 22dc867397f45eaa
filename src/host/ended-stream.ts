import { entriesOf } from "./entry-fields.ts";
import type { CommandEnd, CommandStream, EntryBatch } from "./host.ts";

/** A stream of a command that ended so and printed nothing. */
export const endedStream = (end: CommandEnd): CommandStream => ({
  lines: noLines(),
  end: Promise.resolve(end),
});

async function* noLines(): AsyncGenerator<Buffer> {}

/** A stream of entries that is there in a moment. */
export const awaitedStream = (started: Promise<CommandStream>): CommandStream => ({
  lines: (async function* (): AsyncGenerator<Buffer> {
    yield* (await started).lines;
  })(),
  entries: (async function* (): AsyncGenerator<EntryBatch> {
    yield* entriesOf(await started);
  })(),
  end: started.then(({ end }) => end),
});
