import { exportEntryAt } from "./export-format.ts";
import { entryJson, type EntryFields } from "./entry-json.ts";
import type { GatewayRequests } from "./gateway-request.ts";
import { JournalFailure, type SourceEntry } from "./journal-answer.ts";
import { partsOfCursor } from "./journal-order.ts";
import type { Alternative } from "./journal-query.ts";

/** One alternative, since a gateway knows no `+`. Both times belong to the span. */
interface Wish {
  readonly alternative: Alternative;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly isReverse: boolean;
}

interface GatewayEntry extends SourceEntry {
  readonly cursor: string;
}

/** Asks a gateway for entries. */
export const gatewayEntries = (
  ask: GatewayRequests,
): ((wish: Wish) => AsyncGenerator<SourceEntry, void>) => {
  const read = async function* (path: string, range: string): AsyncGenerator<GatewayEntry, void> {
    for await (const fields of entriesOf(ask.bytes(path, range), path)) {
      const entry = entryOf(fields);
      if (entry === undefined) throw broken(path);
      yield entry;
    }
  };
  return (wish) => (wish.isReverse ? newestFirst(read, wish) : oldestFirst(read, wish));
};

type Read = (path: string, range: string) => AsyncGenerator<GatewayEntry, void>;

async function* oldestFirst(
  read: Read,
  { alternative, since, until }: Wish,
): AsyncGenerator<SourceEntry, void> {
  const range = since === undefined ? ":0:" : `${cursorAt(since)}:0:`;
  for await (const entry of read(pathOf(alternative), `${range}${ALL}`)) {
    const { time } = entry.position;
    if ((since === undefined || time >= since) && (until === undefined || time <= until))
      yield entry;
  }
}

const ALL = 2 ** 31;
const FIRST_PAGE = 4;
const LARGEST_PAGE = 4096;

/**
 * A gateway only goes ahead, so pages are asked for that end where the last one began, each larger than the one before. `num_skip` -N leads
 * N entries before the one at the cursor (systemd 252 to 262, journal-gatewayd.c); what lies at or behind the cursor is left out here.
 */
async function* newestFirst(
  read: Read,
  { alternative, since, until }: Wish,
): AsyncGenerator<SourceEntry, void> {
  let cursor = until === undefined ? "" : cursorAt(until + 1);
  for (let size = FIRST_PAGE; ; size = Math.min(size * 8, LARGEST_PAGE)) {
    const page: GatewayEntry[] = [];
    for await (const entry of read(pathOf(alternative), `${cursor}:-${size}:${size + 2}`)) {
      if (entry.cursor === cursor) break;
      if (until === undefined || entry.position.time <= until) page.push(entry);
    }
    for (const entry of page.toReversed()) {
      if (since === undefined || entry.position.time >= since) yield entry;
    }
    const [oldest] = page;
    if (oldest === undefined || (since !== undefined && oldest.position.time < since)) return;
    cursor = oldest.cursor;
  }
}

/** A cursor that says nothing but a time leads to the first entry at or after it (sd_journal_seek_cursor, systemd 252 to 262). */
const cursorAt = (time: number): string => `t=${Math.max(time, 0).toString(16)}`;

/** Matches of one field are alternatives there too, and of several fields conditions. */
const pathOf = (alternative: Alternative): string => {
  const matches = [...alternative].flatMap(([field, values]) =>
    values.map((value) => `${field}=${encodeURIComponent(value)}`),
  );
  return matches.length === 0 ? "/entries" : `/entries?${matches.join("&")}`;
};

const MOST_ENTRY_BYTES = 16 * 1024 * 1024;

/** The entries of a stream in the export format. */
async function* entriesOf(
  chunks: AsyncIterable<Buffer>,
  path: string,
): AsyncGenerator<EntryFields, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const { fields, end } = wholeEntries(bytes, path);
    yield* fields;
    rest = bytes.subarray(end);
    if (rest.length > MOST_ENTRY_BYTES) {
      throw new JournalFailure(`an entry of ${path} is larger than 16 MiB`, "too-much-output");
    }
  }
  if (rest.length > 0) throw broken(path);
}

const wholeEntries = (
  bytes: Buffer,
  path: string,
): { readonly fields: readonly EntryFields[]; readonly end: number } => {
  const fields: EntryFields[] = [];
  let from = 0;
  while (from < bytes.length) {
    const found = exportEntryAt(bytes, from, false);
    if (found.status === "unfinished") break;
    if (found.status === "broken") throw broken(path);
    if (found.fields.size > 0) fields.push(found.fields);
    from = found.end;
  }
  return { fields, end: from };
};

const broken = (path: string): JournalFailure =>
  new JournalFailure(`the answer to ${path} is cut off or is none in the journal export format`);

const entryOf = (fields: EntryFields): GatewayEntry | undefined => {
  const text = (field: string): string => fields.get(field)?.[0]?.toString("utf8") ?? "";
  const cursor = text("__CURSOR");
  const time = Number(text("__REALTIME_TIMESTAMP"));
  if (cursor === "" || !Number.isSafeInteger(time)) return undefined;
  return {
    cursor,
    position: {
      time,
      monotonic: Number(text("__MONOTONIC_TIMESTAMP")),
      boot: text("_BOOT_ID"),
      ...partsOfCursor(cursor),
    },
    json: () => entryJson(fields),
    message: () => (fields.has("MESSAGE") ? text("MESSAGE") : undefined),
  };
};
