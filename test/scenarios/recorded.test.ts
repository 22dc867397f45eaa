import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  complaintsAboutRecorded,
  exportOf,
  loadRecordedJournals,
} from "../support/recorded-journals.ts";
import { requireTools } from "../support/requirements.ts";

const RECORDED = await loadRecordedJournals();
const canBuild = requireTools("journalctl", "systemd-journal-remote");

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mvdoctor-recorded-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe("journals of a real systemd", () => {
  it("are all told, and each has its file", async () => {
    const files = await readdir(join(import.meta.dirname, "recorded"));
    expect(files.toSorted()).toEqual(RECORDED.map(({ file }) => file).toSorted());
  });

  it.each(RECORDED)("$file holds the words that it was kept for", async (recorded) => {
    const text = (await exportOf(recorded)).toString("utf8");
    expect(recorded.words.filter((words) => !text.includes(words))).toEqual([]);
    expect(text).not.toContain("CANARY");
  });

  it.skipIf(!canBuild).each(RECORDED)("$file: $shows", async (recorded) => {
    expect(await complaintsAboutRecorded(recorded, join(scratch, recorded.file))).toEqual([]);
  });
});
