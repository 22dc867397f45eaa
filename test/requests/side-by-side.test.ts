import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { sideBySide } from "../../src/requests/side-by-side.ts";

it("works on so many at a time, and keeps their order", async () => {
  let running = 0;
  let most = 0;
  const results = await sideBySide([5, 1, 4, 2, 3], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(item * 4);
    running -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
  expect(await sideBySide([], 2, async () => 1)).toEqual([]);
});

it("fails as soon as one fails", async () => {
  const work = async (item: number): Promise<number> => {
    if (item === 2) throw new Error("two");
    return item;
  };
  await expect(sideBySide([1, 2, 3], 2, work)).rejects.toThrow("two");
});
