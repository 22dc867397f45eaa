import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ticksOf } from "../../../src/report/html/timeline-ticks.ts";
import { micros } from "../../../src/vocabulary.ts";

const MINUTE = 60_000_000;
const at = (iso: string) => micros(Date.parse(iso) * 1000);

it("marks round times on the host's clock, with the day once", () => {
  expect(
    ticksOf(at("2025-09-27T04:41:39Z"), at("2025-09-27T05:51:54Z"), "America/New_York").map(
      ({ clock, day }) => [clock, day],
    ),
  ).toEqual([
    ["00:45", "2025-09-27"],
    ["01:00", undefined],
    ["01:15", undefined],
    ["01:30", undefined],
    ["01:45", undefined],
  ]);
});

it("marks whole hours where the zone is half an hour away from UTC", () => {
  const ticks = ticksOf(at("2025-09-27T04:41:39Z"), at("2025-09-27T09:51:54Z"), "Asia/Kolkata");
  expect(ticks.map(({ clock }) => clock)).toEqual(["11:00", "12:00", "13:00", "14:00", "15:00"]);
});

it("names the day anew behind midnight", () => {
  const ticks = ticksOf(at("2025-09-27T22:00:00Z"), at("2025-09-28T03:00:00Z"), "UTC");
  expect(ticks.map(({ clock, day }) => `${clock} ${day ?? ""}`)).toContain("00:00 2025-09-28");
});

it("never has more than seven, in order and inside, however long the time is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e15 }),
      fc.integer({ min: 1_000_000, max: 3_000_000 * MINUTE }),
      (start, span) => {
        const [from, to] = [micros(start), micros(start + span)];
        const times = ticksOf(from, to, "Europe/Berlin").map(({ time }) => time);
        expect(times.length).toBeLessThanOrEqual(7);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((time) => time >= from && time <= to)).toBe(true);
      },
    ),
  );
});
