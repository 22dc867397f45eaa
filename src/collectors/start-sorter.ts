import type {
  FailedJob,
  Invocation,
  SkippedStart,
  StartLimit,
  VmJournal,
} from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import { journalRef, type JournalEntry } from "../journal/entry.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import type { Micros, UnitName } from "../vocabulary.ts";
import { alikeStartsFold, type AlikeStartsFold } from "./alike-starts.ts";
import { withoutGuestFiles } from "./output/console.ts";
import { lineAdder, newReading, type Reading, type StartDraft } from "./start-draft.ts";

/** What the journal says about some units, sorted into starts as the lines stream by. */
export interface SortedStarts extends Omit<VmJournal, "invocations" | "helpers" | "entries"> {
  /** In the order of time, of all units. */
  readonly starts: readonly Invocation[];
}

/** Starts whose nameless lines are asked for in a second query. */
const STARTS_ASKED_AGAIN = 64;
/** A process that died before journald looked at it has lost its unit's ids (systemd#2913); so many such lines wait for a place in time. */
const MOST_LOST = 10_000;
const AROUND = 1_000_000;
const LIVES = 30_000_000;
/** A start takes lines until so many later ones of its unit have begun, and for this long after its last one. */
const STILL_OPEN = 3;
const SETTLED = 2 * AROUND;
/** Lines that come even later, of starts that are held as times alone, belong to none. */
const FORGOTTEN_KNOWN = 256;

export interface StartSorter {
  readonly take: (entry: JournalEntry) => void;
  /** A second query finds lines by their start alone: the unit is that of the start. Lines that `take` had are not taken again. */
  readonly takeNameless: (entry: JournalEntry) => void;
  /** Starts that systemd could not set up: the reason may stand in a line without a unit (systemd 262). */
  readonly unexplained: () => readonly string[];
  readonly result: () => SortedStarts;
}

/** The units whose entries were asked for, and the identifiers that were asked for besides. */
export interface AskedUnits {
  readonly units: ReadonlySet<string>;
  readonly identifiers: ReadonlySet<string>;
}

/** @param events when something happened on the host that may change what a start does */
export const startSorter = (asked: AskedUnits, events: readonly Micros[]): StartSorter => {
  const { units } = asked;
  const readings = new Map<string, Reading>();
  const open = new Map<UnitName, Reading[]>();
  const folds = new Map<UnitName, AlikeStartsFold>();
  const forgotten = new Set<string>();
  const changes = [...events];
  const skipped: SkippedStart[] = [];
  const limits: StartLimit[] = [];
  const failedJobs: FailedJob[] = [];
  const stops: { unit: UnitName; ref: JournalRef }[] = [];
  let lost: JournalEntry[] = [];
  const addToStart = lineAdder();

  const placeLost = (before: number): void => {
    const waiting = lost;
    lost = [];
    for (const entry of waiting) {
      if (entry.time > before) {
        lost.push(entry);
        continue;
      }
      const reading = startAround(readings, entry);
      if (reading !== undefined) addToStart(reading, entry, journalRef(entry));
    }
  };

  const forget = ({ draft: { id } }: Reading): void => {
    readings.delete(id);
    forgotten.add(id);
    const [oldest] = forgotten;
    if (oldest !== undefined && forgotten.size > FORGOTTEN_KNOWN) forgotten.delete(oldest);
  };

  /** Starts of a unit that are over, and were for a while, go on to be held as times where others are like them. */
  const settle = (unit: UnitName, now: Micros): void => {
    const under = open.get(unit) ?? [];
    if (under.length <= STILL_OPEN) return;
    placeLost(now - SETTLED);
    while (under.length > STILL_OPEN) {
      const [oldest] = under;
      if (oldest === undefined || now - oldest.draft.last.time < SETTLED) return;
      under.shift();
      const fold = folds.get(unit) ?? alikeStartsFold(changes);
      folds.set(unit, fold);
      for (const reading of fold.take(oldest)) forget(reading);
    }
  };

  const readingOf = (
    id: string,
    entry: JournalEntry,
    unit: UnitName,
    ref: JournalRef,
  ): Reading | undefined => {
    const known = readings.get(id);
    if (known !== undefined) return known;
    if (forgotten.has(id)) return undefined;
    settle(unit, entry.time);
    const reading = newReading(entry, unit, ref);
    readings.set(id, reading);
    const under = open.get(unit);
    if (under === undefined) open.set(unit, [reading]);
    else under.push(reading);
    if (unit.startsWith("install-microvm-")) changes.push(ref.time);
    return reading;
  };

  return {
    take(entry) {
      const { unit } = entry;
      if (unit === undefined || !units.has(unit)) return;
      const ref = journalRef(entry);
      if (entry.author === "manager") {
        if (isSkip(entry)) {
          const condition = /\((\w+=[^)]*)\)|condition check (\w+=\S+)/u.exec(entry.message);
          skipped.push({ unit, ...conditionOf(condition), ref });
          return;
        }
        if (isStartLimit(entry)) limits.push({ unit, ref });
        if (
          (entry.messageId === MESSAGE_ID.unitStopping ||
            entry.messageId === MESSAGE_ID.unitStopped) &&
          entry.fields["JOB_TYPE"] === "stop"
        )
          stops.push({ unit, ref });
      }
      if (entry.invocation === undefined) {
        if (entry.author === "manager" && entry.messageId === MESSAGE_ID.unitFailed) {
          failedJobs.push({ unit, result: entry.fields["JOB_RESULT"] ?? "failed", ref });
        } else if (entry.author !== "manager" && lost.length < MOST_LOST) lost.push(entry);
        return;
      }
      const reading = readingOf(entry.invocation, entry, unit, ref);
      if (reading !== undefined) addToStart(reading, entry, ref);
    },
    takeNameless(entry) {
      const reading = entry.invocation === undefined ? undefined : readings.get(entry.invocation);
      if (reading === undefined || wasTaken(entry, asked)) return;
      addToStart(reading, entry, journalRef(entry));
    },
    unexplained: () =>
      [...readings.values()]
        .map(({ draft }) => draft)
        .filter(
          (draft) =>
            draft.spawnFailures.length > 0 || draft.exits.some(({ status }) => status >= 200),
        )
        .map(({ id }) => id)
        .slice(0, STARTS_ASKED_AGAIN),
    result() {
      placeLost(Infinity);
      const starts = [...readings.values()].map(({ draft, hasBegun }): Invocation => ({
        ...draft,
        ...inRounds(draft, withoutGuestFiles(draft.lines, !hasBegun && livesOn(draft))),
      }));
      const ordered = starts.toSorted((a, b) => a.first.time - b.first.time);
      return { starts: ordered, skipped, limits, failedJobs, stops };
    },
  };
};

/** The start of the same unit and boot that was under way when a line without an invocation was written. */
const startAround = (
  readings: ReadonlyMap<string, Reading>,
  { unit, boot, time }: JournalEntry,
): Reading | undefined =>
  [...readings.values()].findLast(
    ({ draft }) =>
      draft.unit === unit &&
      draft.boot === boot &&
      draft.first.time - time <= AROUND &&
      (time - draft.last.time <= AROUND || draft.result === undefined),
  );

/** Whether the first query had the entry, and sorted it. */
const wasTaken = ({ unit, fields }: JournalEntry, { units, identifiers }: AskedUnits): boolean =>
  unit !== undefined &&
  units.has(unit) &&
  (UNIT_FIELDS.some((field) => units.has(fields[field] ?? "")) ||
    identifiers.has(fields["SYSLOG_IDENTIFIER"] ?? ""));

const UNIT_FIELDS = ["UNIT", "_SYSTEMD_UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT"] as const;

/** Lines and exits of a start, each with the number of rounds that it stands for. */
const inRounds = (
  { alike, exits }: StartDraft,
  lines: Invocation["lines"],
): Pick<Invocation, "exits" | "lines"> => {
  if (alike === undefined) return { exits, lines };
  const rounds = 1 + alike.begins.length;
  const told = <Told extends { readonly ref: JournalRef }>(one: Told): Told => ({
    ...one,
    ref: { ...one.ref, rounds },
  });
  return { exits: exits.map(told), lines: lines.map(told) };
};

/** What has gone on for so long without an end is a running VM. */
const livesOn = ({ first, last, result, exits }: StartDraft): boolean =>
  result === undefined && exits.length === 0 && last.time - first.time >= LIVES;

/** A skip has the id of a start that is done (252 to 262); only its words tell. */
const isSkip = (entry: JournalEntry): boolean =>
  entry.messageId === MESSAGE_ID.unitSkipped ||
  (entry.messageId === MESSAGE_ID.unitStarted &&
    /\bskipped\b.*condition|condition.*\bskipped\b/iu.test(entry.message));

const conditionOf = (match: RegExpExecArray | null): { readonly condition?: string } => {
  const condition = match?.[1] ?? match?.[2];
  return condition === undefined ? {} : { condition };
};

/** Up to 257 only this text tells; 262 gives a result of its own. */
const isStartLimit = (entry: JournalEntry): boolean =>
  /Start request repeated too quickly/u.test(entry.message) ||
  entry.fields["UNIT_RESULT"] === "start-limit-hit";
