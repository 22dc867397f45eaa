import type { Invocation } from "../evidence/journal.ts";
import type { Micros } from "../vocabulary.ts";
import type { Reading, StartDraft } from "./start-draft.ts";

/** A loop of no more rounds than these is held whole. */
const SHORT = 64;
/** Of a longer one so many of the first starts of a kind are held whole, and so many of the last starts of all. */
const HELD_WHOLE = 8;
/** A change from one kind of start to another is held so often, with both sides. */
const CHANGES_HELD = 32;
/** A unit that is down for longer is in no loop. */
const LONGEST_WAIT = 120_000_000;
/** A start that lives for so long got further than one that does not (src/facts/starts.ts). */
const LIVES = 30_000_000;

export interface AlikeStartsFold {
  /** Takes the next start of the unit, complete; gives those whose lines need not be held any longer. */
  take(reading: Reading): readonly Reading[];
}

interface Waiting {
  readonly reading: Reading;
  readonly kind: string;
  isHeld: boolean;
}

/**
 * Holds a loop of a unit as its first and last starts, every kind of start that there is, every change of kind, and times for the rest: a
 * start is given back only where one like it, and the same neighbours, were there before. Never over an event that may give the VM
 * another runner.
 *
 * @param events when something happened that may change what a start does, in any order; may grow meanwhile
 */
export const alikeStartsFold = (events: readonly Micros[]): AlikeStartsFold => {
  let waiting: Waiting[] = [];
  let kinds = new Map<string, { count: number; held: StartDraft }>();
  let changes = new Map<string, number>();
  let rounds = 0;

  const begin = (): void => {
    waiting = [];
    kinds = new Map();
    changes = new Map();
    rounds = 0;
  };

  /** Whether one kind comes behind another, which it seldom does: both are held then. */
  const isChange = (kind: string, before: Waiting | undefined): boolean => {
    if (before === undefined || before.kind === kind) return false;
    const change = `${before.kind}\n${kind}`;
    const times = changes.get(change) ?? 0;
    if (times >= CHANGES_HELD) return false;
    changes.set(change, times + 1);
    before.isHeld = true;
    return true;
  };

  return {
    take(reading) {
      const { draft } = reading;
      const before = waiting.at(-1);
      if (before !== undefined && !goesOn(before.reading.draft, draft, events)) begin();
      const kind = kindOf(draft);
      const known = kinds.get(kind);
      rounds += 1;
      const isHeld =
        isChange(kind, waiting.at(-1)) || rounds <= SHORT || (known?.count ?? 0) < HELD_WHOLE;
      kinds.set(kind, { count: (known?.count ?? 0) + 1, held: known?.held ?? draft });
      waiting.push({ reading, kind, isHeld });
      if (waiting.length <= HELD_WHOLE) return [];
      const [oldest] = waiting.splice(0, 1);
      if (oldest === undefined) return [];
      const like = kinds.get(oldest.kind);
      if (like === undefined) return [];
      if (oldest.isHeld) {
        like.held = oldest.reading.draft;
        return [];
      }
      addAlike(like.held, oldest.reading.draft);
      return [oldest.reading];
    },
  };
};

const addAlike = (held: StartDraft, { first, last }: Invocation): void => {
  held.alike ??= { begins: [], last: last.time };
  held.alike.begins.push(first.time);
  held.alike.last = last.time;
};

/** A round follows another one: systemd started the unit again, soon, and nothing happened between them that may change what it does. */
const goesOn = (before: Invocation, start: Invocation, events: readonly Micros[]): boolean =>
  before.restart !== undefined &&
  before.stopping === undefined &&
  before.boot === start.boot &&
  start.first.time >= before.first.time &&
  start.first.time - before.last.time <= LONGEST_WAIT &&
  !events.some((time) => time > before.first.time && time <= start.first.time);

/** All that a start shows besides ids and times. */
const kindOf = (start: Invocation): string =>
  JSON.stringify([
    start.unit,
    start.started !== undefined,
    start.exits.map(({ command, code, status }) => [command, code, status]),
    start.spawnFailures.map(({ step, errno }) => [step, errno]),
    start.result?.value,
    start.succeeded !== undefined,
    start.stopping !== undefined,
    start.stopped?.job,
    start.failedStart?.result,
    start.outputLines > 0,
    start.first.uid,
    start.lastOutput?.uid,
    start.last.time - start.first.time >= LIVES,
    livedFor(start) >= LIVES,
    start.lines.map(({ meanings, ref }) => [meanings, ref.uid, withoutNumbers(ref.text)]),
  ]);

const livedFor = ({ first, result, succeeded, failedStart, last }: Invocation): number =>
  ((result?.ref ?? succeeded ?? failedStart?.ref)?.time ?? last.time) - first.time;

/** Counters, process ids, addresses and hashes differ from round to round. */
const withoutNumbers = (text: string): string => text.replaceAll(/[0-9a-f]{8,}|\d+/gu, "#");
