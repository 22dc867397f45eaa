import type { CommandEnd, CommandStream } from "./host.ts";

/** A stream of a command that ended so and printed nothing. */
export const endedStream = (end: CommandEnd): CommandStream => ({
  lines: noLines(),
  end: Promise.resolve(end),
});

async function* noLines(): AsyncGenerator<Buffer> {}
