import { describe, expect, it } from "vitest";
import { parseHeaders } from "../../src/journal/headers.ts";
import { micros } from "../../src/vocabulary.ts";

/** As journalctl 252 prints it; the labels are the same up to 262. */
const NEW = `File path: /var/log/journal/3d12/system.journal
File ID: 15a796a8038a4f6d813fb8643125faea
Machine ID: 3d1219c7c4c5404aaa1f6d2a48adfda4
Boot ID: dde135844d8c4593a2be0243d7a477d8
Sequential number ID: 15a796a8038a4f6d813fb8643125faea
State: ONLINE
Rotate suggested: no
Head sequential number: 535 (217)
Tail sequential number: 666 (29a)
Head realtime timestamp: Thu 2026-11-26 01:34:36 UTC (66123f242889d)
Tail realtime timestamp: Thu 2026-11-26 01:34:38 UTC (66123f261395f)
Tail monotonic timestamp: 3h 13min 55.523s (2b587ff7e)
Objects: 1956
Entry objects: 132
Disk usage: 8.0M
`;
/** As journalctl 219 prints it. */
const OLD = NEW.replaceAll(/ \([0-9a-f]+\)$/gmu, "")
  .replace("File path", "File Path")
  .replace("Sequential number ID", "Sequential Number ID")
  .replaceAll(/(Head|Tail) sequential number/gu, "$1 Sequential Number")
  .replaceAll(/(Head|Tail) realtime timestamp/gu, "$1 Realtime Timestamp")
  .replace("Entry objects", "Entry Objects");

const FILE = {
  name: "system.journal",
  machine: "3d1219c7c4c5404aaa1f6d2a48adfda4",
  numbering: "15a796a8038a4f6d813fb8643125faea",
  first: { number: 535, time: micros(0x66123f242889d) },
  last: { number: 666, time: micros(0x66123f261395f) },
  entries: 132,
};

describe("the headers of journal files", () => {
  it("are read with their microseconds", () => {
    expect(parseHeaders(NEW)).toEqual({ files: [FILE], entries: 132, malformed: 0 });
  });

  it("are read to the second where an older journalctl prints no more", () => {
    const { files, malformed } = parseHeaders(OLD);
    expect(malformed).toBe(0);
    expect(files[0]?.first).toEqual({
      number: 535,
      time: Date.UTC(2026, 10, 26, 1, 34, 36) * 1000,
    });
  });

  it("are several, one after the other, and an empty file is none of them", () => {
    const empty = NEW.replace("Entry objects: 132", "Entry objects: 0").replace(
      /^Head realtime.*$/mu,
      "Head realtime timestamp: n/a (0)",
    );
    expect(parseHeaders(`${NEW}${empty}\n${NEW}`)).toMatchObject({
      files: [FILE, FILE],
      entries: 264,
      malformed: 0,
    });
  });

  it.each([
    ["a number is none", NEW.replace("666 (29a)", "many")],
    ["a number is longer than any", NEW.replace("666 (29a)", "9".repeat(40))],
    ["a time is none", NEW.replace("Thu 2026-11-26 01:34:38 UTC (66123f261395f)", "n/a")],
    ["a line is missing", NEW.replace(/^Machine ID.*\n/mu, "")],
  ])("are counted where %s", (_, text) => {
    expect(parseHeaders(`${text}${NEW}`)).toMatchObject({ files: [FILE], malformed: 1 });
  });

  it("are none in other words", () => {
    for (const text of ["", "No journal files were found.\n", "\u0000\u001B[31mFile path"])
      expect(parseHeaders(text)).toEqual({ files: [], entries: 0, malformed: 0 });
  });
});
