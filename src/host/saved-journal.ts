import { basename } from "node:path";
import {
  JournalFailure,
  type BootSpan,
  type EntrySource,
  type SourceEntry,
} from "./journal-answer.ts";
import { mergeInOrder } from "./journal-order.ts";
import { pieceJson, type SavedFormat } from "./saved-format.ts";
import {
  entriesMatching,
  INDEXED_FIELDS,
  indexSaved,
  type SavedEntry,
  type SavedIndex,
} from "./saved-index.ts";

/** A text that somebody saved of a journal. */
export interface SavedText {
  readonly file: string;
  readonly bytes: Buffer;
  readonly format: SavedFormat;
}

/** The entries of saved texts, those that several of them hold once. Reads all of them now. */
export const savedJournal = (texts: readonly SavedText[]): EntrySource => {
  const indexed = texts.map((text) => ({ text, index: indexSaved(text.bytes, text.format) }));
  const complaints = indexed.flatMap(({ text, index }) => complaintsOf(text, index));
  const boots = bootsOf(indexed.flatMap(({ index }) => index.entries));

  return {
    complaints: () => complaints,
    boots: async () => boots,
    async values(field) {
      refuseUnindexed([field]);
      const values = indexed.flatMap(({ index }) => [...(index.places.get(field)?.keys() ?? [])]);
      return [...new Set(values)].toSorted();
    },
    async *entries({ alternatives, since, until, isReverse }) {
      refuseUnindexed(alternatives.flatMap((alternative) => [...alternative.keys()]));
      const isWanted = ({ position: { time } }: SavedEntry): boolean =>
        (since === undefined || time >= since) && (until === undefined || time <= until);
      const sources = indexed.map(({ text, index }) => {
        const found = entriesMatching(index, alternatives);
        const entries = (
          found === undefined ? index.entries : found.flatMap((place) => index.entries[place] ?? [])
        ).filter((entry) => isWanted(entry));
        return inOrder(text, isReverse === index.isNewestFirst ? entries : entries.toReversed());
      });
      yield* mergeInOrder(sources, isReverse ? -1 : 1);
    },
  };
};

const refuseUnindexed = (fields: readonly string[]): void => {
  const unknown = fields.find((field) => !INDEXED_FIELDS.has(field));
  if (unknown !== undefined)
    throw new JournalFailure(`a saved text cannot be asked for ${unknown}`, "not-possible");
};

async function* inOrder(
  text: SavedText,
  entries: readonly SavedEntry[],
): AsyncGenerator<SourceEntry> {
  for (const entry of entries) {
    const json = (): string => named(text, entry, pieceJson(text.bytes, text.format, entry));
    yield { position: entry.position, json, message: () => messageOf(json()) };
  }
}

/** An entry without a cursor is named by where it stands. */
const named = ({ file }: SavedText, { unnamed }: SavedEntry, json: string): string =>
  unnamed === undefined
    ? json
    : json.replace("{", () => `{"__CURSOR":${JSON.stringify(`${basename(file)}:${unnamed}`)},`);

const messageOf = (json: string): string | undefined => {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null || !("MESSAGE" in parsed)) return undefined;
  return typeof parsed.MESSAGE === "string" ? parsed.MESSAGE : undefined;
};

const bootsOf = (entries: readonly SavedEntry[]): readonly BootSpan[] => {
  const spans = new Map<string, BootSpan>();
  for (const {
    position: { boot, time },
  } of entries) {
    if (boot === "") continue;
    const { first, last } = spans.get(boot) ?? { first: time, last: time };
    spans.set(boot, { id: boot, first: Math.min(first, time), last: Math.max(last, time) });
  }
  return [...spans.values()].toSorted((a, b) => a.first - b.first || a.last - b.last);
};

const complaintsOf = (
  { file, format }: SavedText,
  { entries, unreadable, leftOut, lacking }: SavedIndex,
): readonly string[] => {
  const piece = format === "json" ? "line" : "entry";
  const pieces = format === "json" ? "lines" : "entries";
  const fields = lacking.filter((field) => field !== "__CURSOR");
  return [
    ...(unreadable === 0
      ? []
      : [`${unreadable} ${unreadable === 1 ? piece : pieces} of ${file} could not be read`]),
    ...(leftOut === 0
      ? []
      : [
          `${leftOut} long ${leftOut === 1 ? "field" : "fields"} of ${file} could not be read: journalctl leaves them out unless it is called with --all`,
        ]),
    ...(fields.length === 0
      ? []
      : [`${fields.join(", ")} could not be read: no entry of ${file} has it`]),
    ...(entries.length > 0 && lacking.includes("__CURSOR")
      ? [`the entries of ${file} have no cursor and are named by their number`]
      : []),
  ];
};
