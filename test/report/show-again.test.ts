import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EvidenceRef, FileRef, FileStat } from "../../src/evidence/reference.ts";
import { showAgain } from "../../src/report/show-again.ts";
import { hostPath, micros } from "../../src/vocabulary.ts";

const STAT: FileStat = {
  type: "file",
  mode: 0o400,
  uid: 0,
  gid: 0,
  size: 6,
  mtime: micros(0),
  ctime: micros(0),
};
const HARD = 'it\'s "$(id)" `id` & <b>';

describe("the command for a file", () => {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "mvdoctor-again-"));
    writeFileSync(join(directory, HARD), "one\ntwo\n");
    symlinkSync("nowhere", join(directory, "a link"));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const shown = (name: string, more: Partial<FileRef>): string =>
    execFileSync(
      "sh",
      ["-c", showAgain({ kind: "file", path: hostPath(join(directory, name)), ...more }) ?? ""],
      { encoding: "utf8" },
    );

  it("shows the line that was cited, whatever the file is called", () => {
    expect(shown(HARD, { line: 2, text: "two" })).toBe("two\n");
  });

  it("shows mode, owner and size, and never the content", () => {
    const said = shown(HARD, { stat: STAT });
    expect(said).toMatch(/^-[rwx-]{9} \d+:\d+ 8 bytes, /u);
    expect(said).not.toContain("one");
  });

  it("shows where a link leads, without going there", () => {
    expect(shown("a link", { stat: { ...STAT, type: "symlink", target: "nowhere" } })).toBe(
      "nowhere\n",
    );
  });
});

describe("no command", () => {
  it.each<[string, EvidenceRef]>([
    ["coverage", { kind: "coverage", source: "journal", text: "no hole", ledger: ["a"] }],
    ["a name that a page may not hold", { kind: "file", path: hostPath("/run/a\u202Eb") }],
    ["a name that was masked", { kind: "file", path: hostPath("/run/<masked, 9 bytes>") }],
  ])("is given for %s", (_, ref) => {
    expect(showAgain(ref)).toBeUndefined();
  });
});
