import { describe, expect, it } from "vitest";
import type { JournalFile } from "../../src/journal/headers.ts";
import { sequenceHoles } from "../../src/journal/sequence-holes.ts";
import { bootId, micros } from "../../src/vocabulary.ts";

const HOUR = 3_600 * 1_000_000;
const at = (hours: number) => micros(1_758_948_000_000_000 + hours * HOUR);
const BOOT = { id: bootId("b".repeat(32)), first: at(0), last: at(100) };
const NEXT_BOOT = { id: bootId("c".repeat(32)), first: at(101), last: at(200) };

/** A file from one number and hour to another; every number is an entry where nothing else is said. */
const file = (
  [from, fromHour]: readonly [number, number],
  [to, toHour]: readonly [number, number],
  more: Partial<JournalFile> = {},
): JournalFile => ({
  name: "system.journal",
  machine: "m",
  numbering: "n",
  first: { number: from, time: at(fromHour) },
  last: { number: to, time: at(toHour) },
  entries: to - from + 1,
  ...more,
});
const users = { name: "user-1000@2.journal", numbering: "u" };

const first = file([1, 0], [1000, 10]);
const third = file([2001, 20], [3000, 30]);

describe("numbers that are in no file", () => {
  it("are told with the span that they were written in", () => {
    expect(sequenceHoles([third, first], [BOOT])).toEqual([
      { since: at(10), until: at(20), count: 1000, after: 1000, before: 2001, boot: BOOT.id },
    ]);
  });

  it.each([
    ["every number is there", [first, file([1001, 10], [2000, 20]), third]],
    ["the same entries lie there twice", [first, first, file([1, 0], [2000, 20]), third]],
    ["the oldest files are gone", [third]],
    ["rotations used up a few", [first, file([1005, 10], [3000, 30])]],
    ["each file has numbers of its own", [first, { ...third, numbering: "other" }]],
    ["they are of two machines", [first, { ...third, machine: "other" }]],
    ["a user's file holds them", [first, file([1001, 10], [2000, 20], users), third]],
    [
      "a user's file of the same count holds them",
      [first, file([900, 9], [2100, 21], { name: "user-1000.journal", entries: 1200 }), third],
    ],
    [
      "what users wrote beside the oldest file is vacuumed",
      [first, file([1101, 10.2], [3000, 30]), file([2000, 20], [2900, 29], users)],
    ],
  ])("are none where %s", (_, files) => {
    expect(sequenceHoles(files, [BOOT])).toEqual([]);
  });

  it("are at least as many as the files of users have no entries for", () => {
    const few = file([900, 9], [2500, 25], { ...users, entries: 100 });
    expect(sequenceHoles([first, few, third], [BOOT])).toMatchObject([{ count: 900 }]);
  });

  it("are not held by what was written at another time", () => {
    const later = file([1001, 50], [2000, 60], { numbering: "other" });
    expect(sequenceHoles([first, third, later], [BOOT])).toMatchObject([{ count: 1000 }]);
  });

  it("are not told over a boot, whose first lines are numbered twice, unless they are many", () => {
    const after = (number: number) => file([number, 102], [number + 10, 110]);
    expect(sequenceHoles([first, after(3000)], [BOOT, NEXT_BOOT])).toEqual([]);
    expect(sequenceHoles([first, after(90_000)], [BOOT, NEXT_BOOT])).toMatchObject([
      { count: 88_999, since: at(10), until: at(102) },
    ]);
    // A boot that nobody knows may lie between.
    expect(sequenceHoles([first, third], [])).toEqual([]);
  });

  it("have a span that ends after it begins, whatever the clock did", () => {
    const [hole] = sequenceHoles([first, file([2001, 5], [3000, 30])], [BOOT]);
    expect(hole).toMatchObject({ since: at(5), until: at(10) });
  });
});
