import { describe, expect, it } from "vitest";
import { clockWatch } from "../../src/journal/clock-steps.ts";
import { parseJsonEntry, type JournalEntry } from "../../src/journal/entry.ts";
import { MESSAGE_ID } from "../../src/journal/message-ids.ts";

const SECOND = 1_000_000;
const ZERO = 1_758_948_000 * SECOND;

/** An entry by the host's time and the kernel's clock, both in seconds. */
const entry = (
  time: number,
  monotonic: number,
  more: Readonly<Record<string, string>> = {},
): JournalEntry => {
  const parsed = parseJsonEntry(
    Buffer.from(
      JSON.stringify({
        __CURSOR: `c${time}`,
        __REALTIME_TIMESTAMP: String(ZERO + time * SECOND),
        __MONOTONIC_TIMESTAMP: String(monotonic * SECOND),
        _BOOT_ID: "b".repeat(32),
        _PID: "1",
        MESSAGE: "a line",
        ...more,
      }),
    ),
  );
  if (parsed === undefined) throw new Error("that is an entry");
  return parsed;
};

const told = (...entries: readonly JournalEntry[]) => {
  const watch = clockWatch();
  return entries.flatMap((one) => watch(one));
};

describe("steps of the host's clock", () => {
  it("are told by both clocks, ahead and back, with the entries around them", () => {
    expect(told(entry(0, 10), entry(3700, 110), entry(100, 111))).toMatchObject([
      { by: 3600 * SECOND, since: ZERO, until: ZERO + 3700 * SECOND },
      { by: -3601 * SECOND },
    ]);
  });

  it("are none in a drift, nor in the way of an entry to journald, nor over a boot", () => {
    const other = { _BOOT_ID: "c".repeat(32) };
    expect(told(entry(0, 10), entry(4, 10), entry(86_400 + 40, 86_410))).toEqual([]);
    expect(told(entry(0, 86_400), entry(9000, 1, other), entry(9001, 2, other))).toEqual([]);
  });

  it("are told by systemd's word alone where nothing stands before it, and by its word only", () => {
    const changed = { MESSAGE_ID: MESSAGE_ID.timeChange };
    expect(told(entry(5, 1, changed))).toEqual([
      { boot: "b".repeat(32), since: ZERO + 5 * SECOND, until: ZERO + 5 * SECOND },
    ]);
    expect(told(entry(5, 1, { ...changed, _PID: "77" }))).toEqual([]);
  });
});
