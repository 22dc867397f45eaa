import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findHoles } from "../../src/collectors/journal-silences.ts";
import { openJournal } from "../../src/host/open-host.ts";
import { recordHost, replayHost } from "../../src/host/recording.ts";
import { micros } from "../../src/vocabulary.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { requireTools } from "../support/requirements.ts";

const MINUTE = 60 * 1_000_000;
const LEAST = 30 * MINUTE;
const START = Date.UTC(2025, 8, 27, 4, 3, 7) * 1000;
const at = (minutes: number) => micros(START + minutes * MINUTE);

/** Minutes at which the host wrote a line: busy but for holes of 29, 30, 31 and 95 minutes. */
const LINES = [
  ...Array.from({ length: 60 }, (_, index) => index * 4),
  ...[29, 59, 90, 185].map((after) => 236 + after),
  ...Array.from({ length: 30 }, (_, index) => 421 + 4 * index),
];
const HOLES = [
  { since: at(265), until: at(295) },
  { since: at(295), until: at(326) },
  { since: at(326), until: at(421) },
];

describe.skipIf(!requireTools("systemd-journal-remote", "journalctl"))("silences", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "mvdoctor-silences-"));
    const machine = "4".repeat(32);
    const entries = LINES.map((minute) => ({
      time: at(minute),
      fields: { _BOOT_ID: "b".repeat(32), _MACHINE_ID: machine, MESSAGE: `line ${minute}` },
    }));
    await writeJournal(
      join(directory, machine, "system.journal"),
      exportText(entries, START - MINUTE),
      machine,
    );
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it("of half an hour and more are all found, and no shorter one", async () => {
    const host = openJournal({ directory });
    const found = await findHoles(host, { since: at(0), until: at(537) }, LEAST, {});
    expect(found).toEqual({ holes: HOLES });
  });

  it("are asked for at the same times whatever the span, so that a recording answers for another", async () => {
    const recording = recordHost(openJournal({ directory }));
    await findHoles(recording.host, { since: at(0), until: at(537) }, LEAST, {});
    const replayed = replayHost(recording.recorded());
    // Spans begin where a start ended: at a line.
    for (const [since, until] of [
      [4, 537],
      [100, 530],
      [265, 500],
    ] as const) {
      const span = { since: at(since), until: at(until) };
      const live = await findHoles(openJournal({ directory }), span, LEAST, {});
      expect(await findHoles(replayed, span, LEAST, {})).toEqual(live);
    }
  });
});
