import { expect, it } from "vitest";
import { startMarks } from "../../src/diagnosis/start-marks.ts";
import type { Invocation } from "../../src/evidence/journal.ts";
import { deriveHistory } from "../../src/facts/history.ts";
import { hostJournal, moment, start, vmJournal, vmName } from "../support/literals.ts";

const marksOf = (...starts: readonly Invocation[]) =>
  startMarks(
    deriveHistory({
      vm: vmName(),
      vmJournal: vmJournal(starts),
      hostJournal: hostJournal(),
    }),
  );

it("marks each start with its end and how it ended", () => {
  expect(
    marksOf(start(0, { lives: 1 }), start(7, { lives: 60, fails: false }), start(100)),
  ).toEqual([
    { time: moment(0), until: moment(1), outcome: "failed" },
    { time: moment(7), until: moment(67), outcome: "ended" },
    { time: moment(100), outcome: "running" },
  ]);
});

it("marks the rounds of a loop that are held as times alone, in their order", () => {
  const held = start(7, {
    lives: 1,
    more: { alike: { begins: [moment(21), moment(28)], last: moment(29) } },
  });
  expect(
    marksOf(start(0, { lives: 1 }), held, start(14, { lives: 1 }), start(35, { lives: 1 })).map(
      ({ time, outcome }) => [time, outcome],
    ),
  ).toEqual([0, 7, 14, 21, 28, 35].map((at) => [moment(at), "failed"]));
});

it("does not know of an end that the journal does not hold", () => {
  expect(marksOf(start(0), start(200, { lives: 1 }))).toEqual([
    { time: moment(0), outcome: "no-end" },
    { time: moment(200), until: moment(201), outcome: "failed" },
  ]);
});
