import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startSorter } from "../../src/collectors/start-sorter.ts";
import type { HostJournal, Invocation } from "../../src/evidence/journal.ts";
import type { JournalFields } from "../../src/host/journal-fields.ts";
import { deriveHistory } from "../../src/facts/history.ts";
import { beginsOf, countOf, meaningsIn, timesOf } from "../../src/facts/starts.ts";
import { entryOf } from "../../src/journal/entry.ts";
import { MESSAGE_ID } from "../../src/journal/message-ids.ts";
import { micros, type Micros, type VmName } from "../../src/vocabulary.ts";

const UNIT = "microvm@web.service";
const BEGIN = 1_758_948_000_000_000;
const PERIOD = 5_250_000;

interface Round {
  readonly status: number;
  readonly says?: string;
  /** Without a restart behind it, the next start is no round of the same loop. */
  readonly isLast?: boolean;
}

/** What the journal holds of the starts, one every 5.25 s. */
const linesOf = (rounds: readonly Round[]): readonly JournalFields[] =>
  rounds.flatMap(({ status, says = "cat: /run/secrets/key: Permission denied", isLast }, round) => {
    const at = BEGIN + round * PERIOD;
    const id = round.toString(16).padStart(32, "0");
    const by = (after: number, fields: JournalFields): JournalFields => ({
      __CURSOR: `${round} ${after}`,
      __REALTIME_TIMESTAMP: String(at + after),
      __MONOTONIC_TIMESTAMP: String(at + after - BEGIN),
      _BOOT_ID: "b".repeat(32),
      ...fields,
    });
    const manager = (after: number, messageId: string, more: JournalFields): JournalFields =>
      by(after, {
        _PID: "1",
        _UID: "0",
        SYSLOG_IDENTIFIER: "systemd",
        UNIT,
        INVOCATION_ID: id,
        MESSAGE_ID: messageId,
        MESSAGE: `${UNIT}: something of round ${round}`,
        ...more,
      });
    return [
      manager(0, MESSAGE_ID.unitStarting, { JOB_TYPE: "start" }),
      by(1000, {
        _PID: String(5000 + round),
        _UID: "993",
        _TRANSPORT: "stdout",
        _SYSTEMD_UNIT: UNIT,
        _SYSTEMD_INVOCATION_ID: id,
        SYSLOG_IDENTIFIER: "microvm@web",
        MESSAGE: says,
      }),
      manager(2000, MESSAGE_ID.unitProcessExit, {
        COMMAND: "ExecStart",
        EXIT_CODE: "exited",
        EXIT_STATUS: String(status),
      }),
      manager(3000, MESSAGE_ID.unitFailureResult, { UNIT_RESULT: "exit-code" }),
      ...(isLast === true ? [] : [manager(PERIOD - 1000, MESSAGE_ID.unitRestartScheduled, {})]),
    ];
  });

const sorted = (rounds: readonly Round[], events: readonly Micros[] = []) => {
  const sorter = startSorter({ units: new Set([UNIT]), identifiers: new Set() }, events);
  for (const fields of linesOf(rounds)) {
    const entry = entryOf(fields);
    if (entry !== undefined) sorter.take(entry);
  }
  return sorter.result().starts;
};

const beginOf = (round: number): Micros => micros(BEGIN + round * PERIOD);
/** An event beside each start: every one of them is held whole. */
const heldWhole = (rounds: readonly Round[]): readonly Invocation[] =>
  sorted(
    rounds,
    rounds.map((_, round) => beginOf(round)),
  );

const phasesOf = (starts: readonly Invocation[]) => {
  const hostJournal: HostJournal = {
    boots: [],
    first: micros(BEGIN),
    last: micros(BEGIN + 1e12),
    events: [],
    suppressed: [],
    clockSteps: [],
    holes: [],
    sequenceHoles: [],
    shortfalls: [],
  };
  const vmJournal = {
    invocations: starts,
    helpers: [],
    skipped: [],
    limits: [],
    failedJobs: [],
    stops: [],
    entries: 0,
  };
  return deriveHistory({ vm: "web" as VmName, vmJournal, hostJournal }).phases.map(
    ({ kind, start, end, starts: own, loop }) => ({
      kind,
      start,
      end,
      count: countOf(own),
      begins: beginsOf(own),
      loop: loop === undefined ? undefined : { ...loop, starts: undefined },
    }),
  );
};

const many = (count: number, round: Round): readonly Round[] =>
  Array.from({ length: count }, () => round);

describe("a long loop", () => {
  it("is held as its first and last rounds, and times for the rest", () => {
    const starts = sorted(many(5000, { status: 1 }));
    expect(starts.length).toBeLessThan(100);
    expect(countOf(starts)).toBe(5000);
    expect(beginsOf(starts)).toEqual(Array.from({ length: 5000 }, (_, round) => beginOf(round)));
    expect([starts[0]?.first.time, starts.at(-1)?.first.time]).toEqual([beginOf(0), beginOf(4999)]);
  });

  it("hides no success in its middle", () => {
    const starts = sorted([
      ...many(2500, { status: 1 }),
      { status: 1, says: "demo[5]: API_KEY = 41 bytes" },
      ...many(2500, { status: 1 }),
    ]);
    expect(starts.length).toBeLessThan(200);
    const told = starts.flatMap((start) => meaningsIn(start, "credential-size"));
    const refused = starts.flatMap((start) => meaningsIn(start, "permission-denied"));
    expect(timesOf(refused.map(({ ref }) => ref))).toBe(5000);
    expect(told.map(({ meaning, ref }) => [meaning.name, meaning.bytes, ref.time])).toEqual([
      ["API_KEY", 41, beginOf(2500) + 1000],
    ]);
  });

  it("keeps both neighbours of what happened on the host meanwhile", () => {
    const starts = sorted(many(1000, { status: 1 }), [micros(beginOf(500) - 1)]);
    const held = new Set(starts.map(({ first }) => first.time));
    expect([held.has(beginOf(499)), held.has(beginOf(500))]).toEqual([true, true]);
    expect(held.has(beginOf(300))).toBe(false);
    const before = starts.filter(({ first }) => first.time < beginOf(500));
    expect(countOf(before)).toBe(500);
  });

  it("does not grow when kinds of failure take turns", () => {
    const starts = sorted(
      Array.from({ length: 5000 }, (_, round) => ({ status: 1 + (round % 3) })),
    );
    expect(starts.length).toBeLessThan(400);
    for (const status of [1, 2, 3])
      expect(countOf(starts.filter(({ exits }) => exits[0]?.status === status))).toBe(
        [1667, 1667, 1666][status - 1],
      );
  });

  it("takes a line that comes late for none of another start", () => {
    const sorter = startSorter({ units: new Set([UNIT]), identifiers: new Set() }, []);
    const lines = linesOf(many(400, { status: 1 }));
    for (const fields of [...lines, ...lines.slice(5 * 300, 5 * 300 + 2)]) {
      const entry = entryOf(fields);
      if (entry !== undefined) sorter.take(entry);
    }
    expect(countOf(sorter.result().starts)).toBe(400);
  });

  it("tells the same story as if all of it were held", () => {
    const run = fc.record({
      count: fc.integer({ min: 1, max: 150 }),
      status: fc.integer({ min: 1, max: 3 }),
      speaks: fc.boolean(),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 8 }), (runs) => {
        const rounds = runs.flatMap(({ count, status, speaks, ends }) => [
          ...many(count, {
            status,
            ...(speaks ? { says: "[    0.000000] Linux version 6.12.41" } : {}),
          }),
          ...(ends ? [{ status, isLast: true }] : []),
        ]);
        expect(phasesOf(sorted(rounds))).toEqual(phasesOf(heldWhole(rounds)));
        expect(heldWhole(rounds)).toHaveLength(rounds.length);
      }),
      { numRuns: 30 },
    );
  });
});
