import type {
  FailedJob,
  Invocation,
  OutputLine,
  SkippedStart,
  StartLimit,
  VmJournal,
} from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { journalRef, type JournalEntry } from "../journal/entry.ts";
import {
  helperUnits,
  invocationMatches,
  unitMatches,
  vmMatches,
  vmUnit,
} from "../journal/matches.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import { readEntries, type ReadSummary, type Window } from "../journal/read.ts";
import type { UnitName, VmName } from "../vocabulary.ts";
import { ofTheHost, withoutGuestFiles } from "./output/console.ts";
import { meaningsOf } from "./output/meanings.ts";
import { setupWords } from "./output/service-manager.ts";

type Draft = { -readonly [Key in keyof Invocation]: Invocation[Key] } & {
  exits: Invocation["exits"][number][];
  spawnFailures: Invocation["spawnFailures"][number][];
  lines: OutputLine[];
};

/** A start that is still being read, and how often its output said the same thing. */
interface Reading {
  readonly draft: Draft;
  /** The journal holds systemd's word on its beginning. */
  hasBegun: boolean;
  readonly said: Map<string, number>;
}

/** A guest that says the same thing a thousand times says it once for a rule; the first lines are kept. */
const LINES_KEPT_PER_MEANING = 3;
/** Starts whose nameless lines are asked for in a second query. */
const STARTS_ASKED_AGAIN = 64;
/** A process that died before journald looked at it has lost its unit's ids (systemd#2913); so many such lines are placed by time. */
const MOST_LOST = 10_000;
const AROUND = 1_000_000;
const LIVES = 30_000_000;

export interface VmJournalRead {
  readonly journal: VmJournal;
  readonly summary: ReadSummary;
}

/** Reads everything about one VM and its helper units, and sorts it into starts as the lines stream by. */
export const collectVmJournal = async (
  host: Host,
  vm: VmName,
  window: Window,
): Promise<VmJournalRead> => {
  const own = vmUnit(vm);
  const { starts, summary, ...rest } = await sortedStarts(
    host,
    [own, ...helperUnits(vm)],
    vmMatches(vm),
    window,
  );
  const journal: VmJournal = {
    ...rest,
    invocations: starts.filter(({ unit }) => unit === own),
    helpers: starts.filter(({ unit }) => unit !== own),
    entries: summary.entries,
  };
  return { journal, summary };
};

/** What the journal holds about some units, whoever they belong to. */
export interface UnitsRead extends Omit<VmJournal, "invocations" | "helpers" | "entries"> {
  /** In the order of time, of all units. */
  readonly starts: readonly Invocation[];
  readonly summary: ReadSummary;
}

/** Reads everything about these units, without helpers of their own. */
export const collectStarts = (
  host: Host,
  units: readonly UnitName[],
  window: Window,
): Promise<UnitsRead> => sortedStarts(host, units, unitMatches(units, []), window);

const sortedStarts = async (
  host: Host,
  units: readonly UnitName[],
  matches: readonly string[],
  window: Window,
): Promise<UnitsRead> => {
  const sorter = startSorter(new Set<string>(units));
  const summary = await readEntries(host, matches, window, sorter.take);
  const unexplained = sorter.unexplained();
  if (unexplained.length === 0) return { ...sorter.result(), summary };
  const nameless = await readEntries(
    host,
    invocationMatches(unexplained),
    window,
    sorter.takeNameless,
  );
  const failure = summary.failure ?? nameless.failure;
  return {
    ...sorter.result(),
    summary: {
      ...summary,
      malformed: summary.malformed + nameless.malformed,
      ...(failure === undefined ? {} : { failure }),
    },
  };
};

const startSorter = (units: ReadonlySet<string>) => {
  const readings = new Map<string, Reading>();
  const skipped: SkippedStart[] = [];
  const limits: StartLimit[] = [];
  const failedJobs: FailedJob[] = [];
  const stops: { unit: UnitName; ref: JournalRef }[] = [];
  const seen = new Set<string>();
  const lost: JournalEntry[] = [];

  const take = (entry: JournalEntry): void => {
    const { unit } = entry;
    if (unit === undefined || !units.has(unit) || seen.has(entry.cursor)) return;
    seen.add(entry.cursor);
    const ref = journalRef(entry);
    if (entry.author === "manager") {
      if (isSkip(entry)) {
        const condition = /\((\w+=[^)]*)\)|condition check (\w+=\S+)/u.exec(entry.message);
        skipped.push({ unit, ...conditionOf(condition), ref });
        return;
      }
      if (isStartLimit(entry)) limits.push({ unit, ref });
      if (
        entry.messageId === MESSAGE_ID.unitStopping ||
        entry.messageId === MESSAGE_ID.unitStopped
      ) {
        if (entry.fields["JOB_TYPE"] === "stop") stops.push({ unit, ref });
      }
    }
    if (entry.invocation === undefined) {
      if (entry.author === "manager" && entry.messageId === MESSAGE_ID.unitFailed) {
        failedJobs.push({ unit, result: entry.fields["JOB_RESULT"] ?? "failed", ref });
      } else if (entry.author !== "manager" && lost.length < MOST_LOST) lost.push(entry);
      return;
    }
    addToStart(readingOf(readings, entry, unit, ref), entry, ref);
  };

  return {
    take,
    /** The second query finds lines by their start alone: the unit is that of the start. */
    takeNameless: (entry: JournalEntry): void => {
      const reading = entry.invocation === undefined ? undefined : readings.get(entry.invocation);
      if (reading === undefined || seen.has(entry.cursor)) return;
      seen.add(entry.cursor);
      addToStart(reading, entry, journalRef(entry));
    },
    /** Starts that systemd could not set up: the reason may stand in a line without a unit (systemd 262). */
    unexplained: (): readonly string[] =>
      [...readings.values()]
        .map(({ draft }) => draft)
        .filter(
          (draft) =>
            draft.spawnFailures.length > 0 || draft.exits.some(({ status }) => status >= 200),
        )
        .map(({ id }) => id)
        .slice(0, STARTS_ASKED_AGAIN),
    result: (): Omit<UnitsRead, "summary"> => {
      for (const entry of lost) {
        const reading = startAround(readings, entry);
        if (reading !== undefined) addToStart(reading, entry, journalRef(entry));
      }
      const starts = [...readings.values()].map(({ draft, hasBegun }): Invocation => ({
        ...draft,
        lines: withoutGuestFiles(draft.lines, !hasBegun && livesOn(draft)),
      }));
      const ordered = starts.toSorted((a, b) => a.first.time - b.first.time);
      return {
        starts: ordered,
        skipped,
        limits,
        failedJobs,
        stops,
      };
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

const readingOf = (
  readings: Map<string, Reading>,
  entry: JournalEntry,
  unit: UnitName,
  ref: JournalRef,
): Reading => {
  const id = entry.invocation;
  if (id === undefined) throw new TypeError("an entry without an invocation belongs to no start");
  const known = readings.get(id);
  if (known !== undefined) return known;
  const draft: Draft = {
    id,
    unit,
    boot: entry.boot,
    first: ref,
    last: ref,
    exits: [],
    spawnFailures: [],
    outputLines: 0,
    lines: [],
  };
  const reading: Reading = { draft, hasBegun: false, said: new Map() };
  readings.set(id, reading);
  return reading;
};

/** What has gone on for so long without an end is a running VM. */
const livesOn = ({ first, last, result, exits }: Draft): boolean =>
  result === undefined && exits.length === 0 && last.time - first.time >= LIVES;

/** Lines of one start may come in any order: the child's words often stand before systemd's. */
const addToStart = (reading: Reading, entry: JournalEntry, ref: JournalRef): void => {
  const { draft } = reading;
  if (ref.time < draft.first.time) draft.first = ref;
  if (ref.time >= draft.last.time) draft.last = ref;
  switch (entry.author) {
    case "manager":
      reading.hasBegun ||= BEGINNINGS.has(entry.messageId ?? "");
      addManagerLine(draft, entry, ref);
      return;
    case "exec-child":
      addSpawnFailure(draft, entry, ref);
      addSetupWords(draft, entry, ref);
      return;
    case "unit":
    case "other":
      addOutput(reading, entry, ref);
      return;
    case "kernel":
  }
};

const BEGINNINGS: ReadonlySet<string> = new Set([MESSAGE_ID.unitStarting, MESSAGE_ID.unitStarted]);

const addManagerLine = (draft: Draft, entry: JournalEntry, ref: JournalRef): void => {
  const { fields } = entry;
  switch (entry.messageId) {
    case MESSAGE_ID.unitStarted:
      draft.started = ref;
      return;
    case MESSAGE_ID.unitProcessExit:
      draft.exits.push({
        command: fields["COMMAND"] ?? "ExecStart",
        code: exitCode(fields["EXIT_CODE"]),
        status: Number(fields["EXIT_STATUS"] ?? Number.NaN),
        ref,
      });
      return;
    case MESSAGE_ID.unitFailureResult:
      draft.result = { value: fields["UNIT_RESULT"] ?? "failed", ref };
      return;
    case MESSAGE_ID.unitSuccess:
      draft.succeeded = ref;
      return;
    case MESSAGE_ID.unitRestartScheduled:
      draft.restart = ref;
      return;
    case MESSAGE_ID.unitStopping:
      draft.stopping = ref;
      return;
    case MESSAGE_ID.unitStopped:
      draft.stopped = { job: fields["JOB_TYPE"] ?? "stop", ref };
      return;
    case MESSAGE_ID.unitFailed:
      draft.failedStart = { result: fields["JOB_RESULT"] ?? "failed", ref };
      return;
    case MESSAGE_ID.spawnFailed:
      addSpawnFailure(draft, entry, ref);
      return;
    default:
  }
};

/** The child's own sentence; it also speaks of credentials that it skips, which is no failure. */
const SET_UP = /Failed to set up credentials/iu;
const STEP = /Failed at step (?<step>[A-Z_]+) spawning/u;

const addSpawnFailure = (draft: Draft, entry: JournalEntry, ref: JournalRef): void => {
  const step =
    STEP.exec(entry.message)?.groups?.["step"] ??
    (SET_UP.test(entry.message) ? "CREDENTIALS" : undefined);
  if (step === undefined) return;
  const errno = Number(entry.fields["ERRNO"]);
  draft.spawnFailures.push({ step, ...(Number.isInteger(errno) ? { errno } : {}), ref });
};

const addOutput = ({ draft, said }: Reading, entry: JournalEntry, ref: JournalRef): void => {
  draft.outputLines += 1;
  draft.firstOutput ??= ref;
  draft.lastOutput = ref;
  const all = meaningsOf(entry.message);
  const meanings = ofTheHost(all, entry, draft.first.time).filter((meaning) => {
    // A guest that counts bytes all day long says something else each time.
    const key = meaning.kind === "named-size" ? `size of ${meaning.name}` : JSON.stringify(meaning);
    const count = (said.get(key) ?? 0) + 1;
    said.set(key, count);
    return count <= LINES_KEPT_PER_MEANING;
  });
  if (meanings.length > 0) draft.lines.push({ meanings, ref });
};

/** What the child says of a credential before it gives up; it is no output of the unit. */
const addSetupWords = (draft: Draft, entry: JournalEntry, ref: JournalRef): void => {
  const meanings = setupWords(entry.message);
  if (meanings.length > 0) draft.lines.push({ meanings, ref });
};

const exitCode = (text: string | undefined): "exited" | "killed" | "dumped" =>
  text === "killed" || text === "dumped" ? text : "exited";

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
