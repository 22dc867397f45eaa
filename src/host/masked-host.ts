import type { JournalFields } from "./journal-fields.ts";
import { mask, maskTokens } from "./redaction.ts";
import { entryLines } from "./entry-fields.ts";
import type { CommandEnd, CommandResult, EntryBatch, Host, Lookup, UnmaskedHost } from "./host.ts";
import { entryMask, outputMask, type EntryMask, type OutputMask } from "./masked-output.ts";

/**
 * The one border that text of a host crosses: takes a host as it was opened, gives one whose every answer is masked. What asks a host
 * takes a `Host`, which nothing but this makes, so no way of opening one can go round it. Idempotent: an answer that was masked when it
 * was recorded is the same when it is replayed.
 */
export const maskedHost = (host: UnmaskedHost): Host => ({
  ...host,
  isMasked: true,
  async lstat(path) {
    const found = await host.lstat(path);
    if (found.status !== "present" || found.value.target === undefined) return withReason(found);
    return { status: "present", value: { ...found.value, target: maskTokens(found.value.target) } };
  },
  async list(path) {
    const found = await host.list(path);
    return found.status === "present"
      ? { status: "present", value: found.value.map(maskTokens) }
      : withReason(found);
  },
  async readText(path) {
    const found = await host.readText(path);
    return found.status === "present"
      ? { status: "present", value: mask(found.value, "file") }
      : withReason(found);
  },
  async run(command) {
    const result = await host.run(command);
    const stdout = maskedLines(answerIn(result), outputMask(command.program));
    return { ...result, ...maskedEnd(result), stdout };
  },
  stream(command) {
    const { lines, entries, end } = host.stream(command);
    if (entries === undefined) {
      return {
        lines: maskedBuffers(lines, outputMask(command.program)),
        end: end.then(maskedEnd),
      };
    }
    const masked = maskedBatches(entries);
    return { entries: masked, lines: entryLines(masked), end: end.then(maskedEnd) };
  },
});

const withReason = <T>(found: Lookup<T>): Lookup<T> =>
  found.status === "refused" ? { status: "refused", reason: mask(found.reason) } : found;

/** So much is kept of an answer that was cut because it was too long: it is none, and masking all of it would take a minute. */
const MOST_OF_CUT = 64 * 1024;

const answerIn = ({ failure, stdout }: CommandResult): string =>
  failure === "too-much-output" ? stdout.slice(0, MOST_OF_CUT) : stdout;

const maskedEnd = (end: CommandEnd): CommandEnd => ({ ...end, stderr: mask(end.stderr) });

const maskedLines = (text: string, masked: OutputMask): string =>
  text
    .split("\n")
    .map((line) => masked(line))
    .join("\n");

async function* maskedBuffers(
  lines: AsyncIterable<Buffer>,
  masked: OutputMask,
): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(masked(line.toString("utf8")));
}

async function* maskedBatches(batches: AsyncIterable<EntryBatch>): AsyncGenerator<EntryBatch> {
  const masked = entryMask();
  for await (const batch of batches) yield maskedEntries(batch, masked);
}

function* maskedEntries(
  batch: EntryBatch,
  masked: EntryMask,
): Generator<JournalFields | undefined> {
  for (const fields of batch) yield fields === undefined ? undefined : masked(fields);
}
