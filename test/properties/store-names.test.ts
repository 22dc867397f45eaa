import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  runnerDirectoryName,
  runnerScriptGuest,
  storeName,
} from "../../src/collectors/store-path.ts";
import { HYPERVISORS } from "../../src/evidence/runner.ts";
import { parseVmName, storePathOf } from "../../src/vocabulary.ts";

/** The digits of Nix's base 32: no e, o, t, u (nix, src/libutil/hash.cc). */
const DIGITS = "0123456789abcdfghijklmnpqrsvwxyz".split("");
/** What a name may hold, 211 characters at most (nix, src/libstore/path.cc). */
const CHARACTERS = "abcxyzABCXYZ0189+-._?=".split("");

const hash = fc.string({ unit: fc.constantFrom(...DIGITS), minLength: 32, maxLength: 32 });
const name = fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength: 1, maxLength: 211 });
const below = fc.oneof(
  fc.constant(""),
  fc.constant("/"),
  fc.string({ unit: "binary" }).map((text) => `/${text}`),
);

describe("a store path", () => {
  it("is found in every path in it or below it, with its name", () => {
    fc.assert(
      fc.property(hash, name, below, (digits, text, rest) => {
        const path = storePathOf(`/nix/store/${digits}-${text}${rest}`);
        expect(path).toBe(`/nix/store/${digits}-${text}`);
        expect(path === undefined ? undefined : storeName(path)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("is never a part of a name, whatever the text", () => {
    const foreign = fc.constantFrom("@", "%", "~", " ", ":", "\n", "\0", "é", "*", ",", "'");
    const nearly = fc
      .tuple(hash, name, foreign, name)
      .map(([digits, text, one, more]) => `/nix/store/${digits}-${text}${one}${more}`);
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: "binary" })), (text) => {
        const path = storePathOf(text);
        const next = path === undefined ? "/" : text.charAt(path.length);
        expect(path === undefined || text.startsWith(path)).toBe(true);
        expect(["", "/"]).toContain(next);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a digit that base 32 has not", `/nix/store/${"e".repeat(32)}-a`],
    ["a hash that is too short", `/nix/store/${"0".repeat(31)}-a`],
    ["no name", `/nix/store/${"0".repeat(32)}-`],
    ["a name that is too long", `/nix/store/${"0".repeat(32)}-${"a".repeat(212)}`],
    ["another store", `/mnt/nix/store/${"0".repeat(32)}-a`],
    ["a relative path", `nix/store/${"0".repeat(32)}-a`],
    ["the store's own links", "/nix/store/.links"],
  ])("is none with %s", (_, text) => {
    expect(storePathOf(text)).toBeUndefined();
  });
});

describe("the name of a runner", () => {
  const guest = fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength: 1, maxLength: 64 });

  it("tells hypervisor and guest of a directory", () => {
    fc.assert(
      fc.property(fc.constantFrom(...HYPERVISORS), guest, (hypervisor, guestName) => {
        expect(runnerDirectoryName(`microvm-${hypervisor}-${guestName}`)).toEqual({
          hypervisor,
          guestName,
        });
      }),
      { numRuns: 300 },
    );
  });

  it("tells the guest of a script, and is none where either end is missing", () => {
    fc.assert(
      fc.property(guest, (text) => {
        expect(runnerScriptGuest(`microvm-${text}-microvm-run`)).toBe(text);
        expect(runnerScriptGuest(`${text}-microvm-ru`)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

describe("the name of a VM", () => {
  it("stays in the state directory, whatever it is called", () => {
    const hostile = fc
      .array(
        fc.constantFrom("a", ".", "..", "/", "\\", "@", "microvm@", ".service", "\n", "\0", " "),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: "binary" })), (text) => {
        const vm = parseVmName(text);
        expect(vm ?? "a").toMatch(/^[A-Za-z0-9:_.@-]+$/u);
        expect(vm ?? "a").not.toMatch(/^\.+$/u);
      }),
      { numRuns: 1000 },
    );
  });

  it("is the same alone and in its unit", () => {
    const plain = fc
      .string({ unit: fc.constantFrom(..."azAZ09:_-".split("")), minLength: 1, maxLength: 64 })
      .map((text) => `v${text}`);
    fc.assert(
      fc.property(plain, (text) => {
        for (const form of [text, `${text}.service`, `microvm@${text}`, `microvm@${text}.service`])
          expect(parseVmName(form)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});
