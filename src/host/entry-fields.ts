import type { CommandStream, EntryBatch } from "./host.ts";
import {
  isJournalField,
  JOURNAL_FIELDS,
  type JournalField,
  type JournalFields,
} from "./journal-fields.ts";

/**
 * The fields of one line of `journalctl --output=json`. `undefined` for a line that is no object: total, whatever the bytes.
 * Shapes of values as journalctl 252 to 262 prints them: a string, an array of bytes (control characters or no UTF-8),
 * null (too long without --all), or an array of these where a field is repeated.
 */
export const fieldsOfJson = (line: Uint8Array): JournalFields | undefined => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(
      Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8"),
    );
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const fields: Partial<Record<JournalField, string>> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (!isJournalField(name)) continue;
    const text = fieldText(value);
    if (text !== undefined) fields[name] = text;
  }
  return fields;
};

/** The text of one value; of a repeated field, an array of values, the first that is text. journalctl nests no deeper. */
const fieldText = (value: unknown): string | undefined => {
  const text = valueText(value);
  if (text !== undefined || !Array.isArray(value)) return text;
  for (const part of value) {
    const one = valueText(part);
    if (one !== undefined) return one;
  }
  return undefined;
};

const valueText = (value: unknown): string | undefined => {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) && value.every((byte) => typeof byte === "number")
    ? Buffer.from(value).toString("utf8")
    : undefined;
};

/** The entries of a stream of journalctl, whichever way it gives them. Empty lines are none. */
export const entriesOf = ({ lines, entries }: CommandStream): AsyncIterable<EntryBatch> =>
  entries ?? entriesInLines(lines);

async function* entriesInLines(lines: AsyncIterable<Buffer>): AsyncGenerator<EntryBatch> {
  for await (const line of lines) {
    if (line.length === 0) continue;
    yield [fieldsOfJson(line)];
  }
}

/** Entries as lines of JSON, fields in the order of JOURNAL_FIELDS; an object without a field for what was no entry. */
export async function* entryLines(batches: AsyncIterable<EntryBatch>): AsyncGenerator<Buffer> {
  for await (const batch of batches) {
    for (const fields of batch) yield Buffer.from(JSON.stringify(inOrder(fields ?? {})));
  }
}

const inOrder = (fields: JournalFields): JournalFields =>
  Object.fromEntries(
    JOURNAL_FIELDS.flatMap((field) =>
      fields[field] === undefined ? [] : [[field, fields[field]]],
    ),
  );
