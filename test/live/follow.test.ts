import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootSystemd, type OwnSystemd } from "../support/own-systemd.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const canBoot = requireTools("unshare", "nsenter", "systemctl", "journalctl") && requireRoot();

/** A VM whose runner lives for a moment and fails, every second. */
const SET_UP = `
set -e
mkdir -p /var/lib/microvms/demo-vm /run/systemd/system
cat > /run/systemd/system/microvm@.service <<'UNIT'
[Unit]
Description=MicroVM '%i'
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh -c 'echo "cat: /run/secrets/demo: Permission denied" >&2; exit 1'
SyslogIdentifier=microvm@%i
Restart=always
RestartSec=1s
UNIT
systemctl daemon-reload
`;
const PROGRAM = "/run/program";

interface JsonRow {
  readonly time: string;
  readonly vm: string;
  readonly kind: string;
  readonly text: string;
}

describe.skipIf(!canBoot)("timeline -f on a live host", () => {
  let systemd: OwnSystemd | undefined;
  const inside = (...command: readonly [string, ...string[]]) => {
    if (systemd === undefined) throw new Error("no systemd was booted");
    return systemd.inside(...command);
  };

  beforeAll(async () => {
    systemd = await bootSystemd([
      [process.execPath, `${PROGRAM}/node`],
      [join(REPOSITORY, "dist"), `${PROGRAM}/dist`],
    ]);
    expect((await inside("bash", "-c", SET_UP)).stderr).toBe("");
  });

  afterAll(async () => {
    await systemd?.stop();
  });

  it("shows starts and their ends as they come, each once, and ends when it is interrupted", async () => {
    const followed = inside(
      "timeout",
      "--signal=INT",
      "9",
      `${PROGRAM}/node`,
      `${PROGRAM}/dist/bin.js`,
      "timeline",
      "demo-vm",
      "-f",
      "-o",
      "json",
    );
    // What is shown has not happened yet when the following begins.
    await inside("sleep", "2.5");
    await inside("systemctl", "start", "--no-block", "microvm@demo-vm.service");
    const { stdout, stderr } = await followed;
    expect(stderr).toBe("");
    const rows = stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as JsonRow);
    const starts = rows.filter(({ kind, text }) => kind === "start" && text === "start");
    expect(starts.length).toBeGreaterThan(2);
    expect(rows.filter(({ text }) => text.includes("Permission denied")).length).toBeGreaterThan(2);
    expect(rows.some(({ kind, text }) => kind === "end" && text.includes("Failed"))).toBe(true);
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length);
    expect(new Set(starts.map(({ time }) => time)).size).toBe(starts.length);
  });
});
