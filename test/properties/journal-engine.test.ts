import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openJournalFiles, readerOfFiles } from "../../src/host/journal-files.ts";
import type { JournalReader } from "../../src/host/journal-reader.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import type { JournalEntry } from "../support/journal-entries.ts";
import { requireTools } from "../support/requirements.ts";

const START = 1_758_948_000_000_000;
const BOOTS = ["a", "b", "c"].map((digit) => digit.repeat(32));
const VM = "microvm@test-vm.service";

const optional = (value: fc.Arbitrary<string>) => fc.option(value, { nil: undefined, freq: 2 });
const fields = fc.record({
  UNIT: optional(fc.constantFrom(VM, "other.service")),
  _SYSTEMD_UNIT: optional(fc.constantFrom(VM, "init.scope")),
  SYSLOG_IDENTIFIER: optional(fc.constantFrom("systemd", "microvm@test-vm", "kernel")),
  INVOCATION_ID: optional(fc.constantFrom("1".repeat(32), "2".repeat(32), "")),
  MESSAGE_ID: optional(fc.constantFrom("f77379a8490b408bbe5f6940505a777b", "3".repeat(32))),
  PRIORITY: optional(fc.constantFrom("3", "6")),
  _PID: optional(fc.constantFrom("1", "77")),
  MESSAGE: optional(
    fc.constantFrom("systemd 257 running", "Systemd", "two\nlines", "\u001B[31mred", "\u2028", ""),
  ),
  NOBODY_ASKS: optional(fc.string()),
});

/** Boots that follow each other, and entries that may share a moment. */
const journal = fc
  .array(
    fc.record({ fields, wait: fc.constantFrom(0, 1, 999_999, 3_000_000), boots: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((steps): readonly JournalEntry[] => {
    let time = START;
    let boot = 0;
    return steps.map((step) => {
      if (step.boots && boot < BOOTS.length - 1) {
        boot += 1;
        time += 10_000_000;
      }
      time += step.wait;
      const machine = { _MACHINE_ID: "e".repeat(32), _BOOT_ID: BOOTS[boot] ?? "" };
      const told = Object.entries(step.fields).filter(([, value]) => value !== undefined);
      return { time, fields: { _TRANSPORT: "journal", ...machine, ...Object.fromEntries(told) } };
    });
  });

const match = fc.constantFrom(
  `UNIT=${VM}`,
  `_SYSTEMD_UNIT=${VM}`,
  "UNIT=other.service",
  "SYSLOG_IDENTIFIER=microvm@test-vm",
  "PRIORITY=3",
  "PRIORITY=6",
  "_PID=1",
  `INVOCATION_ID=${"1".repeat(32)}`,
  "_TRANSPORT=journal",
  "_TRANSPORT=audit",
);
const at = fc.integer({ min: -2_000_000, max: 30_000_000 }).map((offset) => START + offset);
const timeOption = (name: string) =>
  at.map((time) => `--${name}=@${Math.floor(time / 1e6)}.${String(time % 1e6).padStart(6, "0")}`);
const boot = fc
  .constantFrom("0", "-1", "1", "-5", ...BOOTS, `${BOOTS[1]}-1`)
  .map((spec) => `--boot=${spec}`);
const some = (...wishes: readonly fc.Arbitrary<string>[]) =>
  fc
    .tuple(...wishes.map((wish) => fc.option(wish, { nil: undefined })))
    .map((args) => args.filter((arg) => arg !== undefined));
const matches = fc
  .array(fc.array(match, { minLength: 1, maxLength: 3 }), { maxLength: 3 })
  .map((groups) => groups.flatMap((group, index) => (index === 0 ? group : ["+", ...group])));
const together = (...parts: readonly fc.Arbitrary<readonly string[]>[]) =>
  fc.tuple(...parts).map((all) => all.flat());
const json = fc.constant(["--output=json", "--all"]);

/** The questions that mvdoctor asks (src/journal, src/collectors), with what varies in them. */
const query = fc.oneof(
  together(json, some(timeOption("since"), boot), matches),
  together(json, some(boot), fc.constant(["--reverse"]), some(timeOption("until"))),
  together(
    json,
    some(fc.constantFrom("--lines=1", "--lines=3")),
    some(fc.constant("--reverse")),
    matches,
  ),
  together(
    json,
    fc.constantFrom(
      ["--grep=^systemd [^ ]+ .*running"],
      ["--grep=systemd", "--case-sensitive"],
      ["--grep=systemd"],
    ),
    matches,
  ),
  fc.constantFrom("UNIT", "_SYSTEMD_UNIT", "_BOOT_ID").map((field) => [`--field=${field}`]),
  fc.constant(["--list-boots", "--output=json"]),
  fc.constant(["--lines=0", "--output=short"]),
);

/** What an answer says, without what journalctl leaves open: the order of keys, of values, of a field's values. */
const meaning = (args: readonly string[], stdout: string): unknown => {
  const lines = stdout.split("\n").filter((line) => line !== "");
  if (args[0]?.startsWith("--field")) return lines.toSorted();
  return lines.map((line): unknown => JSON.parse(line));
};

describe.skipIf(!requireTools("journalctl", "systemd-journal-remote"))("a saved text", () => {
  let scratch = "";
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-saved-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  const saved = async (name: string, bytes: Buffer): Promise<JournalReader> => {
    const file = join(scratch, name);
    writeFileSync(file, bytes);
    const opened = await openJournalFiles([file]);
    if (opened.status !== "opened") throw new Error(opened.message);
    expect(opened.kind).toBe("texts");
    return readerOfFiles(opened);
  };

  it("answers as journalctl does over the journal that it was saved from", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        journal,
        fc.array(query, { minLength: 8, maxLength: 12 }),
        async (entries, queries) => {
          count += 1;
          const file = join(scratch, `${count}.journal`);
          await writeJournal(file, exportText(entries, START - 50_000_000), "e".repeat(32));
          const save = (...args: readonly string[]) =>
            execFileSync("journalctl", ["--file", file, ...args], { env: ENVIRONMENT });
          const readers = await Promise.all([
            saved("saved.export", save("--output=export")),
            saved("saved.export.gz", gzipSync(save("--output=export", "--reverse"))),
            saved("saved.json", save("--output=json", "--all")),
            saved("pretty.json", save("--output=json-pretty", "--all")),
          ]);
          for (const args of queries) {
            const real = spawnSync("journalctl", ["--file", file, "--quiet", ...args], {
              encoding: "utf8",
              env: ENVIRONMENT,
            });
            for (const reader of readers) {
              const { stdout, failure } = await reader.run(args);
              const answer = { args, failure, meaning: meaning(args, stdout) };
              expect(answer).toEqual({ args, meaning: meaning(args, real.stdout) });
            }
          }
          rmSync(file);
        },
      ),
      { numRuns: 8 },
    );
  });
});

const ENVIRONMENT = { PATH: process.env["PATH"], TZ: "UTC", LC_ALL: "C.UTF-8" };
