import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportEntries } from "../../src/host/export-entries.ts";
import { JOURNAL_FIELDS, type JournalFields } from "../../src/host/journal-fields.ts";
import { entryOf, parseJsonEntry, type JournalEntry } from "../../src/journal/entry.ts";
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

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("bytes that claim to be entries in the export format", () => {
  const readAll = async (bytes: Buffer, sizes: readonly number[]) => {
    const read: JournalFields[] = [];
    let malformed = 0;
    for await (const batch of exportEntries(inPieces(bytes, sizes))) {
      for (const fields of batch) {
        if (fields === undefined) malformed += 1;
        else read.push(fields);
      }
    }
    return { read, malformed };
  };

  it("are decoded or counted, whatever they are, and the same in whatever pieces they come", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom("\n", "\n\n", "MESSAGE\n", "MESSAGE=", "_PID=1\n", "=", "A\0")
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.concat(pieces)),
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 10 }),
        async (bytes, sizes) => {
          expect(await readAll(bytes, sizes)).toEqual(await readAll(bytes, [bytes.length || 1]));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("have each field that is kept, and no other of the same hash or length", async () => {
    const all = JOURNAL_FIELDS.map((name) => `${name}=${name.toLowerCase()}\n`).join("");
    const others = JOURNAL_FIELDS.map((name) => `${name}X=no\nX${name}=no\n`).join("");
    const { read } = await readAll(Buffer.from(`${others}${all}\n`), [1]);
    expect(read).toEqual([
      Object.fromEntries(JOURNAL_FIELDS.map((name) => [name, name.toLowerCase()])),
    ]);
    // The same hash as _PID, which only journald may write.
    const forged = await readAll(Buffer.from("_OhD=7\n_OID=7\n_PID=1\n\n"), [3]);
    expect(forged.read.map((fields) => fields["_PID"])).not.toContain("7");
  });

  it("lose what is broken, and nothing behind the next empty line", async () => {
    const { read, malformed } = await readAll(
      Buffer.from("MESSAGE=a\nlower=1\n\nMESSAGE=b\n\nMESSAGE=c"),
      [5],
    );
    expect(read).toEqual([{ MESSAGE: "b" }]);
    expect(malformed).toBe(2);
  });
});

describe.skipIf(!hasRemote)("what journalctl prints of a real journal", () => {
  let scratch = "";
  let count = 0;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-decoder-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  /** What journalctl prints of a journal of these entries, in each of the formats. */
  const printedIn = (entries: readonly Logged[], formats: readonly string[]): readonly Buffer[] => {
    count += 1;
    const journal = join(scratch, `${count}.journal`);
    const text = join(scratch, `${count}.export`);
    writeFileSync(text, exportOf(entries));
    execFileSync(REMOTE, ["--output", journal, text], { stdio: "ignore" });
    const outputs = formats.map((format) =>
      execFileSync("journalctl", ["--file", journal, `--output=${format}`, "--all"], {
        maxBuffer: 256 * 1024 * 1024,
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
    rmSync(journal);
    return outputs;
  };

  const linesOf = (out: Buffer): readonly Buffer[] => {
    const lines: Buffer[] = [];
    for (let start = 0; start < out.length;) {
      const newline = out.indexOf(0x0a, start);
      lines.push(out.subarray(start, newline));
      start = newline + 1;
    }
    return lines;
  };

  const printed = (entries: readonly Logged[]): readonly Buffer[] =>
    printedIn(entries, ["json"]).flatMap(linesOf);

  it("is the same entries in both formats, in whatever pieces the bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(logged, { minLength: 30, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 4096 }), { minLength: 1, maxLength: 20 }),
        async (entries, sizes) => {
          const [json = Buffer.alloc(0), bulk = Buffer.alloc(0)] = printedIn(entries, [
            "json",
            "export",
          ]);
          const read: (JournalEntry | undefined)[] = [];
          for await (const batch of exportEntries(inPieces(bulk, sizes))) {
            for (const fields of batch) {
              expect(fields).toBeDefined();
              read.push(entryOf(fields ?? {}));
            }
          }
          expect(read).toEqual(linesOf(json).map(parseJsonEntry));
          expect(read).toHaveLength(entries.length);
        },
      ),
      { numRuns: 8 },
    );
  });

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
