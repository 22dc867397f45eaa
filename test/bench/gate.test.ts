import { expect, test } from "vitest";

import { limitsHold } from "../../bench/gate.ts";

/** Says what the gate says of one limit whose measurements are these, one for each try. */
const judge = async (most: number, ...measured: readonly number[]) => {
  const tries = [...measured];
  const said: string[] = [];
  const limit = {
    says: "a start, of another",
    most,
    measure: async () => tries.shift() ?? Number.NaN,
  };
  const isWell = await limitsHold([limit], (sentence) => said.push(sentence));
  return { isWell, said: said.join("\n"), triesLeft: tries.length };
};

test("what is within its limit is measured once", async () => {
  expect(await judge(3, 2.9, 9)).toEqual({
    isWell: true,
    said: "holds: a start, of another: 2.90x, at most 3.00x",
    triesLeft: 1,
  });
});

test("a busy moment is no complaint", async () => {
  expect(await judge(3, 9, 4, 2.5)).toMatchObject({ isWell: true, triesLeft: 0 });
});

test("what is too much in every try is said with what was measured and what is allowed", async () => {
  expect(await judge(3, 9, 4, 4.5)).toEqual({
    isWell: false,
    said: "TOO MUCH: a start, of another: 4.00x in the best of 3 tries, and 3.00x is allowed",
    triesLeft: 0,
  });
});

test("one limit that does not hold is enough, whatever comes after it", async () => {
  const limits = [4, 1].map((measured) => ({
    says: "a start",
    most: 3,
    measure: async () => measured,
  }));
  expect(await limitsHold(limits, () => {})).toBe(false);
});
