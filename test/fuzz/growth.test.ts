import { describe, expect, it } from "vitest";
import { readAgenixScript } from "../../src/collectors/agenix-script.ts";
import { meaningsOf } from "../../src/collectors/output/meanings.ts";
import { setupWords } from "../../src/collectors/output/service-manager.ts";
import { readRunnerScript } from "../../src/collectors/runner-script.ts";
import { parseUnitFile, splitWords } from "../../src/collectors/unit-file.ts";
import { exportEntryAt } from "../../src/host/export-format.ts";
import { lineMask } from "../../src/host/line-masking.ts";
import { maskLoneValues } from "../../src/host/lone-values.ts";
import { mask } from "../../src/host/redaction.ts";
import { indexSaved } from "../../src/host/saved-index.ts";
import { parseHeaders } from "../../src/journal/headers.ts";
import { code, prose } from "../../src/report/markdown-text.ts";
import { plain } from "../../src/report/words.ts";
import { parseSystemdTime } from "../../src/time/systemd-time.ts";
import { hostPath, micros } from "../../src/vocabulary.ts";

type Read = (text: string) => unknown;

const PATH = hostPath("/x");
const restOfList: Read = (text) => {
  const masked = lineMask();
  masked("oem_strings=[io.systemd.credential:a=b", () => "");
  return masked(text, () => "");
};

/**
 * What each reads, and pieces that a pattern might go back over: repeated, between something in front and something behind. Each was the
 * worst of a search over the words of the patterns themselves.
 */
const FEEDERS: readonly (readonly [
  name: string,
  read: Read,
  ...pieces: (readonly [front: string, piece: string, behind: string])[],
])[] = [
  [
    "masked lines",
    (text) => mask(text),
    ["", "baccess-tokens", ""],
    ["", "credentials", ""],
    ["x=", "secret-", ""],
    ["", "x-key-", ""],
    ["key=1 ", "type=11,", ""],
    ["", "secret,", ""],
    ["", "COMMAND=", ""],
    ["access-tokens", " ", "x"],
    ["TOKEN=/a", "}", "!"],
    ["", "opt/io.systemd.credentials/", ""],
    ["opt/io.systemd.credentials/a,string=", "]'", "x"],
    ["", '"A=\\', ""],
    ["key= ", "unexpected argument 'a", ""],
    ["", "io.systemd.credential:a=]", "x"],
    ["oem_strings=[", "a=,", ""],
    ["", "-----BEGIN PRIVATE KEY", ""],
    ["", " env -a", ""],
  ],
  [
    "masked files",
    (text) => mask(text, "file"),
    ["", "KEY", ""],
    ["", "io.systemd.credential:a=b", ""],
    ['"', "io.systemd.credential:a=$(", ""],
    ["a=b", " ", "x"],
    ["export a", " -a", ""],
    ["key=", "oem_strings=[a=b,", ""],
  ],
  ["lone values", maskLoneValues, ["", "'", ""], ["", "aA0'", ""], ["", "aA0/", "!"]],
  ["the rest of a list", restOfList, ["x", "]", "y"], ["x", '"', "y"], ["x", " ", "y"]],
  [
    "the beginning of a list",
    (text) => lineMask()(text, () => ""),
    ["", "[io.", ""],
    ["", "[", ""],
  ],
  [
    "words of programs",
    meaningsOf,
    ["", "a", ""],
    ["", "/", ""],
    ["", "=", ""],
    ["", "fail", ""],
    ["", "vsock", ""],
    ["", "=/dev/sd", ""],
    ["", "=a.img", ""],
    ["", "a.sock=", ""],
    ["[FAILED] a", " ", "b"],
    ["", "credential 'a' ", ""],
    ["a has", " ", "x"],
    [" /", "key-", ""],
    ["", "/run/credentials/a", ""],
    ["cannot open a", " cannot read", ""],
  ],
  ["words on credentials", setupWords, ["", "credential ", ""], ["", "TPM2 ", ""]],
  [
    "unit files",
    (text) => parseUnitFile(PATH, `[Service]\n${text}`),
    ["a", " ", "b"],
    ["a=", "\\\n", ""],
    ["Environment=", "a=b ", ""],
  ],
  ["words of settings", splitWords, ["", '"', ""], ["", String.raw`\x41`, ""]],
  [
    "runner scripts",
    (text) => readRunnerScript(PATH, `#!/bin/sh\nset -e\n${text}`),
    ["x", " $A", ""],
    ["", "$(cat /run/secrets/a ", ""],
    ["", "cat ", ""],
    ["", "oem_strings=$a\n", ""],
    ["", "\\\\", "x"],
  ],
  [
    "scripts of agenix",
    (text) => readAgenixScript(PATH, text),
    ["_truePath=", " ", '"x'],
    ["ln -", "s", ""],
    ["", "chmod 0400 /a\n", ""],
  ],
  [
    "times",
    (text) => parseSystemdTime(text, { now: micros(1_758_951_120_000_000), zone: "UTC" }),
    ["", "1h ", ""],
    ["Sat ", " ", "x"],
    ["", "a", " ago"],
  ],
  ["headers", parseHeaders, ["", "File path: a\n", ""]],
  ["one line of text", plain, ["", "\u001B[", ""], ["", "\n", ""]],
  ["prose", prose, ["", "`", ""], ["", "/run/", ""]],
  ["code", code, ["", "`", ""]],
  ["export text", (text) => exportEntryAt(Buffer.from(text), 0, true), ["", "A=\n", ""]],
  ["saved JSON", (text) => indexSaved(Buffer.from(text), "json"), ["", "{\n", ""], ["", "[", ""]],
];

/** journald cuts lines of a program here (journald.conf(5), LineMax=). */
const LONGEST_LINE = 48 * 1024;
const LONG = LONGEST_LINE / 4;
const SHORT = LONG / 4;

const cases = FEEDERS.flatMap(([name, read, ...pieces]) =>
  pieces.map(([front, piece, behind]) => ({
    name,
    read,
    front,
    piece,
    behind,
    feeder: JSON.stringify(front + piece),
  })),
);

/** Of the processor, the least of several runs: what else runs on the machine only ever adds to it. One that took no longer than `enough` is the last. */
const millisecondsFor = (read: Read, text: string, enough = 0): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let times = 0; times < 5 && least > enough; times += 1) {
    const began = process.threadCpuUsage();
    read(text);
    const { user, system } = process.threadCpuUsage(began);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
};

/** How many times as long a text of LONG takes as one of SHORT. Quadratic growth is sixteen times, at each try. */
const growthOf = (read: Read, of: (length: number) => string): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 6 && least > MOST_GROWTH; tries += 1) {
    const long = millisecondsFor(read, of(LONG), NEXT_TO_NOTHING);
    // What takes next to no time tells nothing.
    if (long <= NEXT_TO_NOTHING) return 1;
    least = Math.min(least, long / millisecondsFor(read, of(SHORT)));
  }
  return least;
};

const NEXT_TO_NOTHING = 20;
const MOST_GROWTH = 11;

describe("text that is four times as long", () => {
  it.each(cases)(
    "takes no longer than that as $name of $feeder",
    ({ read, front, piece, behind }) => {
      const of = (length: number): string =>
        `${front}${piece.repeat(Math.ceil(length / piece.length))}${behind}`;
      expect(millisecondsFor(read, of(LONGEST_LINE), 1000)).toBeLessThan(1000);
      expect(growthOf(read, of)).toBeLessThan(MOST_GROWTH);
    },
  );
});
