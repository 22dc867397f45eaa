import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootSystemd, until, type OwnSystemd } from "../support/own-systemd.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const canBoot = requireTools("unshare", "nsenter", "systemctl", "journalctl") && requireRoot();

/** A VM whose runner fails, every second, for as long as /run/broken is there; and a command that keeps what it is told. */
const SET_UP = `
set -e
mkdir -p /var/lib/microvms/demo-vm /run/systemd/system
cat > /run/runner <<'RUNNER'
[ -e /run/broken ] || { systemd-notify --ready; exec sleep infinity; }
echo "cat: /run/secrets/demo: Permission denied" >&2
exit 1
RUNNER
cat > /run/tell <<'TELL'
{ echo "$MVDOCTOR_EVENT $MVDOCTOR_VM $MVDOCTOR_RULE $SECRET"; cat; } >> /run/told
TELL
cat > /run/systemd/system/microvm@.service <<'UNIT'
[Unit]
Description=MicroVM '%i'
StartLimitIntervalSec=0
[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh /run/runner
SyslogIdentifier=microvm@%i
Restart=always
RestartSec=1s
UNIT
systemctl daemon-reload
systemctl start microvm@demo-vm.service
`;
const PROGRAM = "/run/program";

interface Event {
  readonly event: string;
  readonly vm: string;
  readonly finding: { readonly id: string; readonly evidence: readonly string[] };
  readonly evidence: readonly { readonly id: string }[];
}

const LOOP = "lifecycle/crash-loop";

describe.skipIf(!canBoot)("watch on a live host", () => {
  let systemd: OwnSystemd | undefined;
  const inside = (...command: readonly [string, ...string[]]) => {
    if (systemd === undefined) throw new Error("no systemd was booted");
    return systemd.inside(...command);
  };
  const eventsOf = async (rule: string): Promise<readonly Event[]> =>
    (await inside("cat", "/run/out")).stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Event)
      .filter(({ finding }) => finding.id === rule);
  const kinds = async (rule: string): Promise<readonly string[]> =>
    (await eventsOf(rule)).map(({ event }) => event);

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

  it("tells of a loop once, of its end once, and of the next one, whatever becomes of the journal", async () => {
    const watching = inside(
      "bash",
      "-c",
      `SECRET=x exec timeout --preserve-status --signal=INT 110 ${PROGRAM}/node ${PROGRAM}/dist/bin.js \
        watch demo-vm --json --exec 'sh /run/tell' > /run/out 2> /run/err`,
    );
    const shows = (text: string) => async (): Promise<boolean> =>
      (await inside("cat", "/run/err")).stdout.includes(text);
    await until("the first look", shows("watching demo-vm"));
    expect(await kinds(LOOP)).toEqual([]);

    await inside("bash", "-c", "touch /run/broken; systemctl restart --no-block microvm@demo-vm");
    await until("the loop", async () => (await kinds(LOOP)).length > 0);
    const [{ finding, evidence } = never()] = await eventsOf(LOOP);
    expect(evidence.map(({ id }) => id)).toEqual(expect.arrayContaining([...finding.evidence]));
    const told = (await inside("cat", "/run/told")).stdout;
    expect(told).toMatch(/^appeared demo-vm lifecycle\/crash-loop $/mu);
    expect(told.split("\n")).toContain(
      (await inside("grep", LOOP, "/run/out")).stdout.split("\n")[0],
    );

    // More starts fail meanwhile, and the journal is another one.
    await inside("systemctl", "restart", "systemd-journald.service");
    await inside("journalctl", "--rotate");
    await inside("journalctl", "--vacuum-files=2");
    await inside("sleep", "7");
    expect(await kinds(LOOP)).toEqual(["appeared"]);

    await inside("bash", "-c", "rm /run/broken; systemctl restart microvm@demo-vm");
    await until("the end of the loop", async () => (await kinds(LOOP)).length > 1);
    expect(await kinds(LOOP)).toEqual(["appeared", "resolved"]);

    await inside("bash", "-c", "touch /run/broken; systemctl restart --no-block microvm@demo-vm");
    await until("the next loop", async () => (await kinds(LOOP)).length > 2);
    expect(await kinds(LOOP)).toEqual(["appeared", "resolved", "appeared"]);

    const { stdout: pid } = await inside("pgrep", "-f", "bin.js watch");
    await inside("kill", "-INT", pid.split("\n").at(-1) ?? "");
    const { exitCode } = await watching;
    expect(exitCode).toBe(130);
    expect((await inside("pgrep", "-f", "journalctl.*--follow")).stdout).toBe("");
  }, 120_000);
});

const never = (): never => {
  throw new Error("no event was told");
};
