import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineMask } from "../../src/host/line-masking.ts";

const BODY = ["b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", "QyNTUxOQAAACDhunter2hunter2hunter2=="];
const KEY = ["-----BEGIN OPENSSH PRIVATE KEY-----", ...BODY, "-----END OPENSSH PRIVATE KEY-----"];

const maskedAll = (lines: readonly string[], source = "1"): readonly string[] => {
  const mask = lineMask();
  return lines.map((line) => mask(line, () => source));
};

describe("lines that are the rest of a value", () => {
  it("are masked up to the end of a key, and what comes then is not", () => {
    const masked = maskedAll([...KEY, "Started."]);
    for (const part of BODY) expect(masked.join("\n")).not.toContain(part);
    expect(masked.at(-1)).toBe("Started.");
  });

  it("are masked up to the end of a list of strings", () => {
    const masked = maskedAll([
      "Invalid syntax: oem_strings=[io.systemd.credential:KEY=first line",
      'and the second, with a " in it',
      "and the third]",
      "VM is gone",
    ]);
    expect(masked.join("\n")).not.toMatch(/first|second|third/u);
    expect(masked.at(-1)).toBe("VM is gone");
  });

  it("are masked where journald cut a long line", () => {
    const value = "k".repeat(50_000);
    const masked = maskedAll([
      `--platform oem_strings=[io.systemd.credential:A=${value}`,
      "kkkkkkkk]",
    ]);
    expect(masked.join("\n")).not.toContain("kkkk");
  });

  it("are told from another process's lines in between", () => {
    const mask = lineMask();
    expect(mask(KEY[0] ?? "", () => "1")).toBe(KEY[0]);
    expect(mask("Reached target", () => "2")).toBe("Reached target");
    expect(mask(BODY[0] ?? "", () => "1")).toMatch(/^<masked, \d+ bytes>$/u);
  });

  it("end where the writer goes on with something else", () => {
    const masked = maskedAll([KEY[0] ?? "", "error: (key) could not be read!", BODY[0] ?? ""]);
    expect(masked[1]).toBe("error: (key) could not be read!");
    expect(masked[2]).toBe(BODY[0]);
  });

  it("stay as they are when they are masked once more", () => {
    const line = fc.constantFrom(
      ...KEY,
      "oem_strings=[io.systemd.credential:A=x",
      "oem_strings=[io.systemd.credential:A=x]",
      "y z]",
      "y",
      "",
      "<masked, 3 bytes>",
      "[ 1.0] guest",
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const once = maskedAll(lines);
        expect(maskedAll(once)).toEqual(once);
      }),
      { numRuns: 1000 },
    );
  });
});
