import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectHostJournal } from "../../src/collectors/host-journal.ts";
import { openDisk } from "../../src/host/open-disk.ts";
import { readBoots } from "../../src/journal/boots.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { requireTools } from "../support/requirements.ts";

const START = 1_758_948_000_000_000;
const OWN = "a".repeat(32);
const OTHER = "b".repeat(32);

describe.skipIf(!requireTools("journalctl", "systemd-journal-remote"))("a mounted disk", () => {
  let scratch = "";
  let count = 0;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "mvdoctor-disk-"));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  /** A disk with journals at these places, each with one line that names its place. */
  const disk = async (name: string, places: readonly string[], machineId?: string) => {
    const root = join(scratch, name);
    mkdirSync(join(root, "etc"), { recursive: true });
    if (machineId !== undefined) writeFileSync(join(root, "etc/machine-id"), `${machineId}\n`);
    for (const place of places) {
      count += 1;
      const fields = { _BOOT_ID: String(count).repeat(32).slice(0, 32), MESSAGE: place };
      const text = exportText([{ time: START + count, fields }], START - 1_000_000);
      await writeJournal(join(root, place, "system.journal"), text, OWN, count);
    }
    return root;
  };

  const told = async (root: string) => {
    const host = await openDisk(root);
    const args = ["--output=json", "--all"];
    const { stdout } = await host.run({ program: "journalctl", args });
    const { gaps } = await collectHostJournal(host, {}, await readBoots(host));
    const lines = stdout.split("\n").filter((line) => line !== "");
    return {
      messages: lines.map((line) => (JSON.parse(line) as { MESSAGE: string }).MESSAGE),
      gaps: gaps.map(({ reason, required }) => `${required ? "!" : ""}${reason}`),
    };
  };

  it("gives the journal of its own machine, and names what else is there", async () => {
    const places = [`var/log/journal/${OWN}`, `var/log/journal/${OTHER}`, "var/log/journal/remote"];
    expect(await told(await disk("cloned", places, OWN))).toEqual({
      messages: [places[0]],
      gaps: [
        `journals of other machines are left out: /var/log/journal/${OTHER}, /var/log/journal/remote`,
      ],
    });
  });

  it("gives the one journal that it has, with or without a machine id", async () => {
    const places = [`var/log/journal/${OWN}`];
    expect(await told(await disk("plain", places))).toEqual({ messages: places, gaps: [] });
    expect(await told(await disk("named", places, OWN))).toEqual({ messages: places, gaps: [] });
  });

  it("gives what lies below /run too", async () => {
    const places = [`var/log/journal/${OWN}`, `run/log/journal/${OWN}`];
    const root = await disk("both", [...places, `var/log/journal/${OTHER}`], OWN);
    const { messages } = await told(root);
    expect(messages).toEqual(places);
  });

  it("gives no journal where another machine wrote the only one", async () => {
    const root = await disk("reinstalled", [`var/log/journal/${OTHER}`], OWN);
    expect(await told(root)).toEqual({
      messages: [],
      gaps: [
        "!no journal files were found",
        "!the journal holds no entry at all",
        `journals of other machines are left out: /var/log/journal/${OTHER}`,
      ],
    });
  });

  it("cannot tell its own of several without a machine id, and says what to do", async () => {
    const places = [`var/log/journal/${OWN}`, `var/log/journal/${OTHER}`];
    const { messages, gaps } = await told(await disk("nameless", places));
    expect(messages).toEqual([]);
    expect(gaps).toEqual([
      `!no /etc/machine-id tells which of ${OWN}, ${OTHER} below /var/log/journal is the disk's own: name one with --directory`,
    ]);
  });

  it("takes the one machine that has a directory for its own where nothing else says it", async () => {
    const places = [`var/log/journal/${OWN}`, "var/log/journal/remote"];
    const { messages, gaps } = await told(await disk("receiver", places));
    expect(messages).toEqual([places[0]]);
    expect(gaps).toEqual(["journals of other machines are left out: /var/log/journal/remote"]);
  });

  it("keeps a link on the disk to another place of the disk", async () => {
    const root = await disk("linked", [`persist/journal/${OWN}`], OWN);
    mkdirSync(join(root, "var/log"), { recursive: true });
    symlinkSync("/persist/journal", join(root, "var/log/journal"));
    expect(await told(root)).toEqual({ messages: [`persist/journal/${OWN}`], gaps: [] });
  });
});
