import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runMvdoctor } from "../support/run-node.ts";
import { EVIDENCE } from "./corpus.ts";
import { mutated } from "./mutation.ts";
import { randomFrom } from "./random.ts";
import { lookAtMutatedHost } from "./whole-program.ts";

/** What the contract lets a look at a host end with. */
const STATUSES = [0, 1, 2, 3, 4, 5];

describe("a host whose answers were changed", () => {
  it("is told of in every view and format, without a character that a terminal would act on", async () => {
    for (let seed = 1; seed <= 30; seed += 1)
      expect(STATUSES).toContain(await lookAtMutatedHost(seed, seed % 3 === 0 ? [] : ["plain-vm"]));
  });
});

describe("a file that is no bundle any more", () => {
  let scratch = "";
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-fuzz-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  it("ends the program with a status of the contract, and a reason in place of a stack", () => {
    const packed = readFileSync(EVIDENCE);
    for (let seed = 1; seed <= 3; seed += 1) {
      const file = join(scratch, `${seed}.mvb`);
      writeFileSync(file, mutated(randomFrom(seed), [packed]));
      const { status, stderr } = runMvdoctor(["diagnose", "--bundle", file]);
      expect({ seed, isKnown: STATUSES.includes(status ?? -1), stderr }).toEqual({
        seed,
        isKnown: true,
        stderr: expect.not.stringMatching(/^\s+at /mu),
      });
    }
  });
});
