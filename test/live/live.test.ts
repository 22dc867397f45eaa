import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findingOf,
  parseCheck,
  parseReport,
  vmOf,
  type JsonReport,
} from "../support/report-json.ts";
import { bootSystemd, until, type OwnSystemd } from "../support/own-systemd.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const canBoot = requireTools("unshare", "nsenter", "systemctl", "journalctl") && requireRoot();

/** The runner and unit of one VM as microvm.nix lays them out, in the fresh file systems of the namespaces. */
const RUNNER = "/nix/store/00000000000000000000000000000001-microvm-qemu-demo-vm";
const SCRIPT = "/nix/store/00000000000000000000000000000002-microvm-demo-vm-microvm-run";
const SET_UP = `
set -e
mkdir -p /nix && mount -t tmpfs tmpfs /nix
mkdir -p ${RUNNER}/bin /var/lib/microvms/demo-vm /run/secrets/demo /run/systemd/system
chmod 0751 /run/secrets /run/secrets/demo
printf 'CANARY-demo' > /run/secrets/demo/api-key && chmod 0400 /run/secrets/demo/api-key
cat > ${SCRIPT} <<'SCRIPT'
#!/bin/bash
set -eou pipefail
API_KEY=$(cat /run/secrets/demo/api-key)
exec -a microvm@demo-vm sleep 600
SCRIPT
chmod 0555 ${SCRIPT}
ln -s ${SCRIPT} ${RUNNER}/bin/microvm-run
ln -s ${RUNNER} /var/lib/microvms/demo-vm/current
cat > /run/systemd/system/microvm@.service <<'UNIT'
[Unit]
Description=MicroVM '%i'
ConditionPathExists=/var/lib/microvms/%i/current/bin/microvm-run
StartLimitIntervalSec=0
[Service]
User=nobody
WorkingDirectory=/var/lib/microvms/%i
ExecStart=/var/lib/microvms/%i/current/bin/microvm-run
SyslogIdentifier=microvm@%i
Restart=always
RestartSec=300ms
UNIT
systemctl daemon-reload
systemctl start --no-block microvm@demo-vm.service
`;

/** Where Node and the built program are in the namespaces, wherever this checkout lies outside. */
const PROGRAM = "/run/program";

describe.skipIf(!canBoot)("on a live host", () => {
  let systemd: OwnSystemd | undefined;

  const inside = (...command: readonly [string, ...string[]]) => {
    if (systemd === undefined) throw new Error("no systemd was booted");
    return systemd.inside(...command);
  };

  const run = (command: string) =>
    inside(`${PROGRAM}/node`, `${PROGRAM}/dist/bin.js`, command, "demo-vm", "--json");

  const diagnose = async (): Promise<{
    readonly status: number | undefined;
    readonly report: JsonReport;
  }> => {
    const ended = await run("diagnose");
    return { status: ended.exitCode, report: parseReport(ended.stdout) };
  };

  /** What is foretold of the next start. */
  const check = async () => {
    const ended = await run("check");
    return { status: ended.exitCode, next: parseCheck(ended.stdout) };
  };

  beforeAll(async () => {
    systemd = await bootSystemd([
      [process.execPath, `${PROGRAM}/node`],
      [join(REPOSITORY, "dist"), `${PROGRAM}/dist`],
    ]);
    const ready = await inside("bash", "-c", SET_UP);
    expect(ready.stderr).toBe("");
  });

  afterAll(async () => {
    await systemd?.stop();
  });

  it("finds the refused read and the loop, with systemd's own word on the unit", async () => {
    await until("six failures", async () => {
      const { stdout } = await inside(
        "journalctl",
        "-o",
        "cat",
        "--no-pager",
        "UNIT=microvm@demo-vm.service",
      );
      return stdout.split("Failed with result").length > 6;
    });
    const { status, report } = await diagnose();
    const vm = vmOf(report, "demo-vm");
    expect(status).toBe(1);
    expect(vm.status).toBe("failing");
    expect(vm.rootCauses).toEqual(["access/file-mode"]);
    expect(findingOf(vm, "access/file-mode")).toMatchObject({
      certainty: "proven",
      subject: { path: "/run/secrets/demo/api-key", reader: "nobody", mode: "0400" },
    });
    expect(findingOf(vm, "lifecycle/crash-loop").causedBy).toEqual(["access/file-mode"]);
    expect(vm.everWorked.answer).toBe("no");
    expect(JSON.stringify(report)).not.toContain("CANARY");
    const { status: foretold, next } = await check();
    expect(foretold).toBe(1);
    expect(next).toMatchObject({
      prediction: "no",
      rootCauses: vm.rootCauses,
      stops: [{ stage: "access", component: "/run/secrets/demo/api-key" }],
    });
  });

  it("tells a repaired file and a VM that nobody has started since", async () => {
    await inside("systemctl", "stop", "microvm@demo-vm.service");
    await inside("chmod", "0444", "/run/secrets/demo/api-key");
    expect((await check()).next).toMatchObject({ rootCauses: [], stops: [] });
    const { report } = await diagnose();
    const vm = vmOf(report, "demo-vm");
    expect(vm.rootCauses).toEqual(["access/fixed-not-restarted"]);
    const found = findingOf(vm, "access/fixed-not-restarted");
    expect(found.certainty).toBe("proven");
    expect(found.explanation).toContain("systemd calls the unit inactive");
  });

  it("gives the same from a bundle, byte for byte", async () => {
    const program = [`${PROGRAM}/node`, `${PROGRAM}/dist/bin.js`] as const;
    const file = "/tmp/live.mvb";
    const collected = await inside(...program, "collect", "demo-vm", "--output-file", file);
    expect(collected.exitCode).toBe(0);
    // The VM is stopped, and what anybody else has logged since lies behind the end.
    const whole = await inside(...program, "diagnose", "--bundle", file, "--json");
    const end = parseReport(whole.stdout).coverage.lastEntry ?? "";
    const now = ["--json", "--now", end, "--until", end];
    const live = await inside(...program, "diagnose", "demo-vm", ...now);
    const replayed = await inside(...program, "diagnose", "--bundle", file, ...now);
    expect(replayed.stdout).toBe(live.stdout);
    expect(live.stdout).toContain("access/fixed-not-restarted");
  });

  it("finds no refusal in force once it runs, though the journal is silent since", async () => {
    await inside("systemctl", "start", "microvm@demo-vm.service");
    // Longer than three rounds of the loop; nobody writes a line.
    await sleep(6000);
    const { report } = await diagnose();
    const vm = vmOf(report, "demo-vm");
    expect(
      vm.findings.filter(({ id, role }) => id.startsWith("access/") && role === "root-cause"),
    ).toEqual([]);
    expect(vm.phases.at(-1)?.title).toBe("The VM runs");
    expect(vm.status).not.toBe("failing");
  });
});
