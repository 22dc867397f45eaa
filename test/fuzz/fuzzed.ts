import { describe, expect, it } from "vitest";
import { fuzz, LEAST_INPUTS, type Target } from "./target.ts";

const SEED = 20_250_927;

/** Tests that each target bears all inputs of one seed; `npm run fuzz` tries more of them. */
export const fuzzed = (targets: readonly Target[]): void => {
  describe("text of others", () => {
    it.each(targets)("does no harm as $name, whatever is in it", async (target) => {
      const { slowest } = await fuzz(target, SEED, target.inputs ?? LEAST_INPUTS);
      expect(slowest.milliseconds).toBeLessThan(1000);
    });
  });
};
