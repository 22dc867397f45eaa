import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseJsonEntry } from "../../src/journal/entry.ts";
import { requireTools } from "../support/requirements.ts";

const decoded = (json: string) => parseJsonEntry(Buffer.from(json));

const NUMBERS = { __CURSOR: "c", __REALTIME_TIMESTAMP: "1758948000000000" };

/** What a value of journalctl may be, and what it never is. */
const anyValue = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constant(null),
  fc.array(fc.integer({ min: -1, max: 300 })),
  fc.array(fc.oneof(fc.string(), fc.constant(null), fc.array(fc.nat(255)))),
  fc.jsonValue(),
);
const names = [
  "__CURSOR",
  "__REALTIME_TIMESTAMP",
  "__MONOTONIC_TIMESTAMP",
  "_BOOT_ID",
  "_PID",
  "_UID",
  "MESSAGE",
  "MESSAGE_ID",
  "UNIT",
  "INVOCATION_ID",
  "SYSLOG_IDENTIFIER",
  "_SYSTEMD_UNIT",
  "_TRANSPORT",
  "COREDUMP_UNIT",
  "__proto__",
  "constructor",
  "_CMDLINE",
];
const anyObject = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), anyValue);

/** What every entry keeps to, whatever it was made of. */
const holds = (entry: ReturnType<typeof decoded>): void => {
  if (entry === undefined) return;
  expect(Number.isSafeInteger(entry.time) && entry.time > 0).toBe(true);
  expect(Number.isFinite(entry.monotonic)).toBe(true);
  expect(entry.pid === undefined || (Number.isSafeInteger(entry.pid) && entry.pid > 0)).toBe(true);
  expect(entry.uid === undefined || Number.isSafeInteger(entry.uid)).toBe(true);
  expect(entry.unit).not.toBe("");
  expect(entry.invocation).not.toBe("");
  for (const value of [entry.message, entry.identifier, ...Object.values(entry.fields)])
    expect(typeof value).toBe("string");
};

describe("a line that claims to be an entry", () => {
  it("is decoded or left out, whatever its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        holds(parseJsonEntry(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it("is decoded or left out, whatever its JSON", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          anyObject.map((one) => JSON.stringify(one)),
        ),
        (text) => {
          holds(decoded(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("is an entry wherever it has a cursor and a time, whatever else it has", () => {
    fc.assert(
      fc.property(anyObject, (more) => {
        const entry = decoded(JSON.stringify({ ...more, ...NUMBERS }));
        expect(entry?.cursor).toBe("c");
        holds(entry);
      }),
      { numRuns: 1000, examples: [[{ _UID: [2 ** 53, ""] }]] },
    );
  });

  it.each([10, 100_000])("survives values nested %i deep", (depth) => {
    const nested = `${"[".repeat(depth)}"x"${"]".repeat(depth)}`;
    holds(decoded(`{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1","MESSAGE":${nested}}`));
  });
});

const REMOTE = "/lib/systemd/systemd-journal-remote";
const hasRemote = requireTools("journalctl", "systemd-journal-remote") && existsSync(REMOTE);

/** What a program may log, told shortly: text, binary, control characters, lines, and more than journalctl shows by itself. */
type Told = { readonly hex: string } | { readonly times: number; readonly byte: number };

const hexOf = (bytes: string | Uint8Array): Told => ({ hex: Buffer.from(bytes).toString("hex") });
const anyTold: fc.Arbitrary<Told> = fc.oneof(
  fc.string().map(hexOf),
  fc.string({ unit: "grapheme" }).map(hexOf),
  fc.uint8Array({ maxLength: 40 }).map(hexOf),
  fc.constantFrom("", "\n", "a\nb\n", "\u001B[31mred\u001B[0m", "\t", "=", "a=b").map(hexOf),
  fc.record({
    times: fc.constantFrom(4095, 4096, 4097, 20_000),
    byte: fc.constantFrom(0x61, 0xff, 0x0a),
  }),
);
const bytesOf = (told: Told): Buffer =>
  "hex" in told ? Buffer.from(told.hex, "hex") : Buffer.alloc(told.times, told.byte);

/** Fields that a program may log and that are kept, and some that are not. */
const KEPT = ["COMMAND", "ERRNO", "EXIT_CODE", "JOB_RESULT", "UNIT", "UNIT_RESULT"] as const;
const fieldName = fc.oneof(
  fc.constantFrom(...KEPT),
  fc
    .string({ unit: fc.constantFrom(..."ABXYZ019_".split("")), minLength: 1, maxLength: 20 })
    .map((text) => `F${text}`),
);
const logged = fc.record({
  message: anyTold,
  fields: fc.dictionary(fieldName, fc.array(anyTold, { minLength: 1, maxLength: 3 }), {
    maxKeys: 5,
    noNullPrototype: true,
  }),
});

type Logged = typeof logged extends fc.Arbitrary<infer Value> ? Value : never;

/** A field in the export format, by length: any bytes may be in it. */
const exported = (name: string, value: Buffer): Buffer => {
  // systemd-journal-remote drops an empty field that comes by length.
  if (value.length === 0) return Buffer.from(`${name}=\n`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from("\n")]);
};

const exportOf = (entries: readonly Logged[]): Buffer =>
  Buffer.concat(
    entries.map(({ message, fields }, index) =>
      Buffer.concat([
        Buffer.from(`__REALTIME_TIMESTAMP=${1_758_948_000_000_000 + index}\n`),
        Buffer.from(`__MONOTONIC_TIMESTAMP=${1000 + index}\n_BOOT_ID=${"b".repeat(32)}\n`),
        Buffer.from(`SYSLOG_IDENTIFIER=probe\n`),
        exported("MESSAGE", bytesOf(message)),
        ...Object.entries(fields).flatMap(([name, values]) =>
          values.map((value) => exported(name, bytesOf(value))),
        ),
        Buffer.from("\n"),
      ]),
    ),
  );

describe.skipIf(!hasRemote)("what journalctl prints of a real journal", () => {
  let scratch = "";
  let count = 0;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-decoder-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  const printed = (entries: readonly Logged[]): readonly Buffer[] => {
    count += 1;
    const journal = join(scratch, `${count}.journal`);
    const text = join(scratch, `${count}.export`);
    writeFileSync(text, exportOf(entries));
    execFileSync(REMOTE, ["--output", journal, text], { stdio: "ignore" });
    const out = execFileSync("journalctl", ["--file", journal, "--output=json", "--all"], {
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["ignore", "pipe", "ignore"],
    });
    rmSync(journal);
    const lines: Buffer[] = [];
    for (let start = 0; start < out.length;) {
      const newline = out.indexOf(0x0a, start);
      lines.push(out.subarray(start, newline));
      start = newline + 1;
    }
    return lines;
  };

  it("is what was logged, byte for byte, in every field that is kept, and in no other", () => {
    fc.assert(
      fc.property(fc.array(logged, { minLength: 30, maxLength: 60 }), (entries) => {
        const lines = printed(entries);
        expect(lines).toHaveLength(entries.length);
        for (const [index, line] of lines.entries()) {
          const entry = parseJsonEntry(line);
          const { message, fields } = entries[index] ?? { message: hexOf(""), fields: {} };
          expect(entry?.time).toBe(1_758_948_000_000_000 + index);
          expect(entry?.message).toBe(bytesOf(message).toString("utf8"));
          expect(Object.keys(entry?.fields ?? {}).filter((name) => name.startsWith("F"))).toEqual(
            [],
          );
          for (const name of KEPT) {
            const values = fields[name];
            if (values === undefined) continue;
            // A repeated field keeps one of its values; journald keeps no order among them.
            expect(values.map((value) => bytesOf(value).toString("utf8"))).toContain(
              entry?.fields[name],
            );
          }
        }
      }),
      { numRuns: 8 },
    );
  });
});
