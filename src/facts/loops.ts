import type { Invocation } from "../evidence/journal.ts";
import type { Micros } from "../vocabulary.ts";
import { beginsOf, countOf, failureSignature, hasFailed, lastBeginOf } from "./starts.ts";

/** Starts that follow each other because systemd restarts the unit. */
export interface Loop {
  /** Of a long loop those that are held whole. */
  readonly starts: readonly [Invocation, ...Invocation[]];
  /** Median microseconds from one start to the next. */
  readonly period: number;
  readonly count: number;
  readonly first: Micros;
  readonly last: Micros;
  /** How many of the starts failed; the others ended with success. */
  readonly failed: number;
  /** The failure that most of the starts share. */
  readonly signature: string;
}

const FEWEST = 4;
const LONGEST_PERIOD = 10 * 60 * 1_000_000;

/** Runs of at least four starts of one boot, each followed by a restart that systemd scheduled. */
export const findLoops = (starts: readonly Invocation[]): readonly Loop[] => {
  const loops: Loop[] = [];
  let run: Invocation[] = [];
  const close = (): void => {
    const [first, ...rest] = run;
    if (first !== undefined && countOf(run) >= FEWEST) loops.push(loopOf([first, ...rest]));
    run = [];
  };
  /** When the newest round of the run began. */
  let newest = 0;
  for (const start of starts) {
    const previous = run.at(-1);
    const follows =
      previous?.restart !== undefined &&
      previous.boot === start.boot &&
      start.first.time - newest <= LONGEST_PERIOD;
    if (!follows) {
      close();
      newest = 0;
    }
    run.push(start);
    newest = Math.max(newest, lastBeginOf(start));
  }
  close();
  return loops;
};

const loopOf = (starts: readonly [Invocation, ...Invocation[]]): Loop => {
  const times = beginsOf(starts);
  const intervals = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const last = starts.at(-1) ?? starts[0];
  return {
    starts,
    period: median(intervals),
    count: times.length,
    first: starts[0].first.time,
    last: last.first.time,
    failed: countOf(starts.filter(hasFailed)),
    signature: mostCommonFailure(starts),
  };
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

const mostCommonFailure = (starts: readonly Invocation[]): string => {
  const counts = new Map<string, number>();
  for (const start of starts) {
    const signature = failureSignature(start);
    counts.set(signature, (counts.get(signature) ?? 0) + countOf([start]));
  }
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0] as const)[0];
};
