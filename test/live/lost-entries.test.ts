import { cp, mkdtemp, readdir, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openJournal } from "../../src/host/open-host.ts";
import { render } from "../../src/report/render.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { claimsWithoutCoverage } from "../support/absence-claims.ts";
import type { JournalEntry } from "../support/journal-entries.ts";
import { exportText, writeJournal } from "../support/journal-export.ts";
import { bootSystemd } from "../support/own-systemd.ts";
import { parseReport, vmOf, type JsonReport, type JsonVm } from "../support/report-json.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";

const canBoot =
  requireTools("unshare", "nsenter", "setpriv", "systemctl", "journalctl") && requireRoot();

/**
 * A VM whose runner is refused its secret, started twice in each of four journal files, beside a user whose lines take numbers of the
 * same count; in the fifth one lines of another VM are suppressed.
 */
const STORY = `
set -e
mkdir -p /var/log/journal && systemctl restart systemd-journald && journalctl --flush
mkdir -p /run/secrets/demo && printf CANARY > /run/secrets/demo/api-key
chmod 0400 /run/secrets/demo/api-key
cat > /run/systemd/system/microvm@.service <<'UNIT'
[Unit]
StartLimitIntervalSec=0
[Service]
User=nobody
ExecStart=/bin/cat /run/secrets/demo/api-key
SyslogIdentifier=microvm@%i
UNIT
cat > /run/systemd/system/microvm@loud-vm.service <<'UNIT'
[Service]
Type=oneshot
User=nobody
LogRateLimitIntervalSec=500ms
LogRateLimitBurst=5
ExecStart=/bin/sh -c 'seq 1 100; sleep 0.8; echo on; exec cat /run/secrets/demo/api-key'
SyslogIdentifier=microvm@loud-vm
UNIT
systemctl daemon-reload
for file in 1 2 3 4; do
  for start in 1 2; do
    systemctl start microvm@demo-vm.service
    while systemctl is-active --quiet microvm@demo-vm.service; do sleep 0.02; done
  done
  seq 1 20 | systemd-cat -t filler
  seq 1 15 | setpriv --reuid 1000 --clear-groups systemd-cat -t session
  journalctl --sync && journalctl --rotate
done
systemctl start microvm@loud-vm.service || true
journalctl --sync
cp -r /var/log/journal/. /run/out/whole
journalctl --quiet --vacuum-files=5
cp -r /var/log/journal/. /run/out/vacuumed
`;

const reportOf = async (directory: string, vms: readonly string[]): Promise<JsonReport> => {
  const answer = await diagnoseHost(openJournal({ directory }), {
    source: { directory },
    times: { now: "2030-01-01 00:00:00" },
    vms,
  });
  if (answer.status !== "diagnosed") throw new Error(answer.status);
  return parseReport(render(answer.reports, "diagnosis", "json", { width: 80, colour: false }));
};

interface Seen {
  readonly report: JsonReport;
  readonly vm: JsonVm;
}

describe.skipIf(!canBoot)("a journal that journald wrote", () => {
  let scratch = "";

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-lost-"));
    const systemd = await bootSystemd([[scratch, "/run/out"]]);
    try {
      const told = await systemd.inside("bash", "-c", STORY);
      expect(told.stderr.replaceAll(/^Job for microvm@loud-vm.*(?:\n.*)?$/gmu, "").trim()).toBe("");
    } finally {
      await systemd.stop();
    }
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  const diagnosed = async (directory: string, name = "demo-vm"): Promise<Seen> => {
    const report = await reportOf(directory, [name]);
    const vm = vmOf(report, name);
    expect(claimsWithoutCoverage(report, vm)).toEqual([]);
    return { report, vm };
  };

  /** A copy of the whole journal, and its files with the oldest first. */
  const copied = async (name: string): Promise<{ directory: string; files: string[] }> => {
    const directory = join(scratch, name);
    await cp(join(scratch, "whole"), directory, { recursive: true });
    const files = (await readdir(directory, { recursive: true }))
      .filter((file) => /\/system[@.].*journal$/u.test(file))
      // The number of the first entry stands in the name; the newest file has none.
      .toSorted((a, b) =>
        (/-(\w{16})-/u.exec(a)?.[1] ?? "z").localeCompare(/-(\w{16})-/u.exec(b)?.[1] ?? "z"),
      );
    return { directory, files: files.map((file) => join(directory, file)) };
  };

  const kinds = ({ report }: Seen): readonly string[] =>
    report.coverage.ledger.filter(({ source }) => source === "journal").map(({ kind }) => kind);

  it("is whole: the answer is no, and rests on one span that begins with its boot", async () => {
    const seen = await diagnosed(join(scratch, "whole"));
    expect(seen.vm.everWorked).toMatchObject({ answer: "no" });
    expect(kinds(seen)).toEqual(["span", "head", "suppressed"]);
    expect(seen.report.coverage.ledger[1]?.text).toContain("among the first of its boot");
  });

  it("lacks a file in the middle, for seconds that no silence would show: the answer is unknown", async () => {
    const { directory, files } = await copied("middle");
    await rm(files[2] ?? "");
    const seen = await diagnosed(directory);
    const hole = seen.report.coverage.ledger.find(({ kind }) => kind === "sequence-hole");
    expect(hole).toMatchObject({ source: "journal", mayHide: true });
    expect(hole?.count).toBeGreaterThanOrEqual(20);
    expect(seen.report.coverage.gaps.map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining(`at least ${hole?.count} entries missing`),
    );
    expect(seen.vm.everWorked.answer).toBe("unknown");
    expect(seen.vm.everWorked.basis).toContain(`at least ${hole?.count} entries`);
    expect(seen.vm.findings.map(({ id }) => id)).not.toContain("lifecycle/never-started");
  });

  it("was vacuumed: the answer stays no, and says from when on", async () => {
    const seen = await diagnosed(join(scratch, "vacuumed"));
    expect(kinds(seen)).toEqual(["span", "head", "suppressed"]);
    expect(seen.report.coverage.ledger[1]?.text).toContain("is not kept");
    expect(seen.vm.everWorked).toMatchObject({ answer: "no" });
    expect(seen.vm.everWorked.basis).toContain("the answer holds from then on");
  });

  it("has a file that is cut off: the answer is unknown", async () => {
    const { directory, files } = await copied("cut");
    const file = files[1] ?? "";
    await truncate(file, (await stat(file)).size / 2);
    const seen = await diagnosed(directory);
    expect(kinds(seen)).toContain("damage");
    expect(seen.vm.everWorked.answer).toBe("unknown");
  });

  it("was not written where lines came too fast: unknown for that VM, and no for another", async () => {
    const seen = await diagnosed(join(scratch, "whole"), "loud-vm");
    const line = seen.report.coverage.ledger.find(({ kind }) => kind === "suppressed");
    expect(line).toMatchObject({ mayHide: true });
    expect(line?.count).toBeGreaterThan(10);
    expect(seen.vm.everWorked.answer).toBe("unknown");
    expect(seen.vm.everWorked.basis).toContain("suppressed");
  });
});

describe.skipIf(!requireTools("systemd-journal-remote"))("a clock that was set", () => {
  it("is told with the entries around the step, and hides nothing", async () => {
    const directory = await mkdtemp(join(tmpdir(), "mvdoctor-clock-"));
    const machine = "4".repeat(32);
    const booted = Date.UTC(2026, 0, 1) * 1000;
    const hour = 3_600 * 1_000_000;
    const line = (time: number): JournalEntry => ({
      time,
      fields: {
        _BOOT_ID: "b".repeat(32),
        _MACHINE_ID: machine,
        _TRANSPORT: "syslog",
        SYSLOG_IDENTIFIER: "sudo",
        MESSAGE: "a line",
      },
    });
    try {
      const text = Buffer.concat([
        exportText([line(booted + hour)], booted),
        exportText([line(booted + hour / 2)], booted - hour),
      ]);
      await writeJournal(join(directory, machine, "system.journal"), text, machine);
      const { coverage } = await reportOf(directory, []);
      const [step, ...more] = coverage.ledger.filter(({ kind }) => kind === "clock-step");
      expect(more).toEqual([]);
      expect(step).toMatchObject({ source: "journal", mayHide: false });
      expect(step?.text).toContain("set back by 1 h");
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
