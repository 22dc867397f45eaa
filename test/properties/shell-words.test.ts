import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listedNames, shellWord } from "../../src/host/remote/shell-words.ts";
import { requireTools } from "../support/requirements.ts";

const SHELLS = ["dash", "bash"] as const;

/** Words as nobody chooses them, and such as mean something to some shell. */
const word = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("'", '"', "\\", "$", "`", "\n", "!", " ", "~", "*", "a") }),
  fc.constantFrom("", "-n", "$(id)", "`id`", "'; id; '", "\u0081\u0088", "a\nb", "#", "\r", "\t"),
);
const words = fc.array(
  word.map((text) => text.replaceAll("\0", "")),
  { minLength: 1, maxLength: 40 },
);

describe.skipIf(!requireTools(...SHELLS))("a word for a shell", () => {
  it.each(SHELLS)("reaches the program behind %s as it is", (shell) => {
    fc.assert(
      fc.property(words, (given) => {
        // Read from stdin, as the shell on another host does, and passed on to a program by itself.
        const script = `env printf '%s\\0' ${given.map(shellWord).join(" ")}\n`;
        const printed = execFileSync(shell, [], {
          input: script,
          env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
        });
        expect(printed.toString("latin1")).toBe(
          given.map((one) => `${Buffer.from(one).toString("latin1")}\0`).join(""),
        );
      }),
      { numRuns: 60 },
    );
  });
});

const name = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0 && byte !== 0x2f)))
  .filter((bytes) => bytes.length > 0 && ![".", ".."].includes(bytes.toString("latin1")));
const oddName = fc
  .string({
    unit: fc.constantFrom("\\", "\n", " ", "'", '"', "0", "7", "n", "\t", "\u00E4", "-"),
    minLength: 1,
    maxLength: 12,
  })
  .map((text) => Buffer.from(text));

describe("the names that ls prints", () => {
  let scratch = "";
  let count = 0;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-names-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  it.each(["C.UTF-8", "C"])("are those of the directory, in %s", (locale) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(name, oddName), { maxLength: 20 }), (names) => {
        count += 1;
        const directory = join(scratch, String(count));
        mkdirSync(directory);
        for (const one of names)
          writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), one]), "");
        const printed = execFileSync("ls", ["-A", "-U", "-b", "-1", "--", `${directory}/`], {
          env: { PATH: process.env["PATH"], LC_ALL: locale },
        });
        expect(listedNames(printed).toSorted()).toEqual(readdirSync(directory).toSorted());
      }),
      { numRuns: 60 },
    );
  });
});
