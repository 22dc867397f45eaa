import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findingOf,
  parseCheck,
  parseReport,
  vmOf,
  type JsonReport,
} from "../support/report-json.ts";
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

/** A systemd of this machine as PID 1 of its own namespaces, with fresh /run, /tmp, journal and state directories. */
const BOOT = `
hostname vm-host
mount -t tmpfs tmpfs /run && mkdir -p /run/lock ${PROGRAM}/dist
touch ${PROGRAM}/node
mount --bind "$1" ${PROGRAM}/node
mount --bind "$2" ${PROGRAM}/dist
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/log
mkdir -p /var/lib/microvms && mount -t tmpfs tmpfs /var/lib/microvms
mount -t cgroup2 cgroup2 /sys/fs/cgroup
export container=oci
exec /lib/systemd/systemd --system --unit=basic.target --log-target=journal --show-status=0
`;

describe.skipIf(!canBoot)("on a live host", () => {
  let scratch = "";
  let outer: Promise<unknown> = Promise.resolve();
  let leader = "";

  const inside = (...command: readonly string[]) =>
    execa("nsenter", ["-t", leader, "-m", "-p", "-u", "-i", "-C", ...command], {
      reject: false,
      stdin: "ignore",
    });

  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 300; tries += 1) {
      if (await holds()) return;
      await sleep(100);
    }
    throw new Error(`waited in vain for ${what}`);
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
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-live-"));
    const boot = join(scratch, "boot.sh");
    await writeFile(boot, BOOT);
    const unshared = execa(
      "unshare",
      [
        "--mount",
        "--pid",
        "--fork",
        "--uts",
        "--ipc",
        "--cgroup",
        "--mount-proc",
        "bash",
        boot,
        process.execPath,
        join(REPOSITORY, "dist"),
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "ignore", reject: false },
    );
    outer = unshared;
    await until("the first process of the namespaces", async () => {
      const { stdout } = await execa("pgrep", ["-P", String(unshared.pid)], { reject: false });
      leader = stdout.split("\n")[0] ?? "";
      return leader !== "";
    });
    await until("systemd to boot", async () =>
      /running|degraded/u.test((await inside("systemctl", "is-system-running")).stdout),
    );
    const ready = await inside("bash", "-c", SET_UP);
    expect(ready.stderr).toBe("");
  });

  afterAll(async () => {
    // PID 1 of the namespace takes everything in it along, and its mounts with it.
    if (leader !== "") process.kill(Number(leader), "SIGKILL");
    await outer;
    if (scratch !== "") await rm(scratch, { recursive: true, force: true });
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

  it("finds no refusal in force once the file may be read", async () => {
    await inside("chmod", "0444", "/run/secrets/demo/api-key");
    expect((await check()).next).toMatchObject({ rootCauses: [], stops: [] });
    await until("the VM to stay up", async () => {
      const { stdout } = await inside(
        "systemctl",
        "show",
        "-p",
        "ActiveState,SubState",
        "microvm@demo-vm.service",
      );
      return stdout.includes("SubState=running");
    });
    // Time shows in a journal only by its entries.
    await sleep(3000);
    await inside("systemd-cat", "echo", "three seconds later");
    const { report } = await diagnose();
    const vm = vmOf(report, "demo-vm");
    expect(
      vm.findings.filter(({ id, role }) => id.startsWith("access/") && role === "root-cause"),
    ).toEqual([]);
    expect(vm.phases.at(-1)?.title).toBe("The VM runs");
  });
});
