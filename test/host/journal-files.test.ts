import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openJournalFiles, readerOfFiles } from "../../src/host/journal-files.ts";
import { INDEXED_FIELDS } from "../../src/host/saved-index.ts";
import {
  hostMatches,
  installerMatches,
  invocationMatches,
  kernelMatches,
  vmMatches,
} from "../../src/journal/matches.ts";
import { parseVmName } from "../../src/vocabulary.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { requireTools } from "../support/requirements.ts";

const START = 1_758_948_000_000_000;
const ALL = ["--output=json", "--all"];

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mvdoctor-files-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const written = (name: string, content: string | Buffer): string => {
  const file = join(scratch, name);
  writeFileSync(file, content);
  return file;
};

const opened = async (...patterns: readonly string[]) => {
  const found = await openJournalFiles(patterns);
  if (found.status !== "opened") throw new Error(found.message);
  return found;
};

const asked = async (patterns: readonly string[], args = ALL) => {
  const { stdout, stderr } = await readerOfFiles(await opened(...patterns)).run(args);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return {
    complaints: stderr.split("\n").filter((line) => line !== ""),
    entries: lines.map((line): Record<string, unknown> => JSON.parse(line)),
  };
};

const json = (number: number, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    __CURSOR: `s=${"5".repeat(32)};i=${number.toString(16)};b=b;m=${number.toString(16)};t=1;x=${number}`,
    __REALTIME_TIMESTAMP: String(START + number),
    __MONOTONIC_TIMESTAMP: String(number),
    _BOOT_ID: "b",
    _TRANSPORT: "journal",
    _PID: "1",
    SYSLOG_IDENTIFIER: "systemd",
    MESSAGE: `line ${number}`,
    ...more,
  });
const messages = ({ entries }: { readonly entries: readonly Record<string, unknown>[] }) =>
  entries.map(({ MESSAGE }) => MESSAGE);

describe("a text that somebody saved", () => {
  it("is read as far as it goes, and what could not be read is counted", async () => {
    const file = written(
      "damaged.json",
      [json(1), "-- no entry --", "{}", json(2), "[1]", json(3).slice(0, 40)].join("\n"),
    );
    const read = await asked([file]);
    expect(messages(read)).toEqual(["line 1", "line 2"]);
    expect(read.complaints).toEqual([`4 lines of ${file} could not be read`]);
  });

  it("in the export format is read behind what is broken, and up to where it is cut", async () => {
    const entry = (number: number) =>
      Object.entries(JSON.parse(json(number)))
        .map(([field, value]) => `${field}=${String(value)}\n`)
        .join("");
    const file = written(
      "damaged.export",
      `${entry(1)}\n__REALTIME_TIMESTAMP=1\nMESSAGE\n\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx\n\n\n${entry(2)}\n${entry(3)}MESS`,
    );
    const read = await asked([file]);
    expect(messages(read)).toEqual(["line 1", "line 2"]);
    expect(read.complaints).toEqual([`2 entries of ${file} could not be read`]);
  });

  it.each([
    ["json-seq", (lines: readonly string[]) => lines.map((line) => `\u001E${line}\n`).join("")],
    ["json-sse", (lines: readonly string[]) => lines.map((line) => `data: ${line}\n\n`).join("")],
  ])("with -o %s is read", async (name, save) => {
    const read = await asked([written(name, save([json(1), json(2)]))]);
    expect(read.complaints).toEqual([]);
    expect(messages(read)).toEqual(["line 1", "line 2"]);
  });

  it("says which fields it lacks, and names entries without a cursor by their number", async () => {
    const file = written(
      "filtered.json",
      [1, 2].map((n) => json(n, { __CURSOR: undefined, _PID: undefined })).join("\n"),
    );
    const read = await asked([file]);
    expect(read.entries.map(({ __CURSOR }) => __CURSOR)).toEqual([
      "filtered.json:1",
      "filtered.json:2",
    ]);
    expect(read.complaints).toEqual([
      `_PID could not be read: no entry of ${file} has it`,
      `the entries of ${file} have no cursor and are named by their number`,
    ]);
  });

  it("says that journalctl left out long fields", async () => {
    const file = written("short.json", json(1, { MESSAGE: null }));
    expect((await asked([file])).complaints).toEqual([
      `1 long field of ${file} could not be read: journalctl leaves them out unless it is called with --all`,
    ]);
  });

  it("gives an entry once that several texts hold, or one text twice", async () => {
    const first = written("first.json", [json(1), json(2), json(2), json(4)].join("\n"));
    const second = written("second.json", [json(2), json(3), json(4)].join("\n"));
    expect(messages(await asked([first, second]))).toEqual([
      "line 1",
      "line 2",
      "line 3",
      "line 4",
    ]);
    expect(messages(await asked([second, first], [...ALL, "--reverse"]))).toEqual([
      "line 4",
      "line 3",
      "line 2",
      "line 1",
    ]);
  });

  it("can be asked for every field that a match of mvdoctor names", () => {
    const vm = parseVmName("test-vm");
    const matches = [
      ...(vm === undefined ? [] : vmMatches(vm)),
      ...[hostMatches(), installerMatches(), kernelMatches(), invocationMatches(["1"])].flat(),
      "_PID=1",
      "_MACHINE_ID=1",
    ].filter((match) => match !== "+");
    expect(matches.length).toBeGreaterThan(20);
    for (const match of matches)
      expect(INDEXED_FIELDS).toContain(match.slice(0, match.indexOf("=")));
  });

  it("refuses what it cannot be asked, by name", async () => {
    const reader = readerOfFiles(await opened(written("one.json", json(1))));
    for (const [args, name] of [
      [["--header"], "--header"],
      [[...ALL, "--follow"], "--follow"],
      [[...ALL, "_COMM=cat"], "_COMM"],
    ] as const) {
      const result = await reader.run(args);
      expect(result).toMatchObject({
        failure: "not-possible",
        stderr: expect.stringContaining(name),
      });
    }
  });
});

describe("what --file names", () => {
  it.each([
    ["nothing", () => join(scratch, "none*.json"), /names no file/u],
    ["an empty file", () => written("empty", ""), /it is empty/u],
    [
      "a text of another kind",
      () => written("notes.json", "hello\n"),
      /neither a journal file nor/u,
    ],
    ["a packed journal file", () => written("x.gz", gzipSync("LPKSHHRH....")), /unpack it first/u],
    ["a broken gzip", () => written("y.gz", gzipSync("x").subarray(0, 12)), /cannot be used/u],
    ["a directory", () => scratch, /no regular file/u],
  ])("is refused where it is %s", async (_, file, why) => {
    const found = await openJournalFiles([file()]);
    expect(found).toMatchObject({ status: "wrong-usage", message: expect.stringMatching(why) });
  });

  it("is told apart by its first bytes, never by its name", async () => {
    const found = await opened(written("system.journal", json(1)));
    expect(found.kind).toBe("texts");
  });
});

describe.skipIf(!requireTools("journalctl", "systemd-journal-remote"))("journal files", () => {
  const place = () => join(scratch, "kept");
  beforeAll(async () => {
    mkdirSync(place());
    const names = [
      "system.journal",
      "system@1.journal",
      "system@2.journal~",
      "odd [{a,b}]*?.journal",
    ];
    for (const [number, name] of names.entries()) {
      const fields = { _BOOT_ID: "b".repeat(32), _TRANSPORT: "journal", MESSAGE: `line ${number}` };
      const text = exportText([{ time: START + number, fields }], START - 1_000_000);
      const beginning = join(place(), name.replace(/~$/u, ""));
      await writeJournal(beginning, text, "e".repeat(32), number);
      renameSync(beginning, join(place(), name));
    }
  });

  it("are found by a pattern as journalctl finds them, and those of an unclean shutdown too", async () => {
    const pattern = join(place(), "system*.journal");
    const args = [`--file=${pattern}`, `--file=${pattern}~`, "--output=json"];
    const real = execFileSync("journalctl", args, { encoding: "utf8" }).trim().split("\n");
    expect(messages(await asked([pattern]))).toEqual(
      real.map((line) => (JSON.parse(line) as { MESSAGE: string }).MESSAGE),
    );
    expect(real).toHaveLength(3);
  });

  it("are read whatever is in their name", async () => {
    expect(messages(await asked([join(place(), "odd [{a,b}]*?.journal")]))).toEqual(["line 3"]);
  });

  it("are not read together with texts", async () => {
    const text = written("beside.json", json(1));
    expect(await openJournalFiles([text, join(place(), "system.journal")])).toMatchObject({
      status: "wrong-usage",
      message: expect.stringMatching(
        /journal files \(.*system\.journal\) and saved texts \(.*beside\.json\)/u,
      ),
    });
  });
});
