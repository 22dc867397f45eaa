import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateModule, filesOf, PACKAGES } from "../support/nixos-module.ts";
import { bootSystemd, until } from "../support/own-systemd.ts";
import { parseReport, vmOf, type JsonReport } from "../support/report-json.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const canBoot =
  requireTools("unshare", "nsenter", "systemctl", "journalctl", "nix-instantiate", "dbus-daemon") &&
  requireRoot();

const SHOWN = "/run/shown";
const REPORTS = "/var/lib/mvdoctor/demo-vm";

const RUNNER = "/nix/store/00000000000000000000000000000001-microvm-qemu-demo-vm";
const SCRIPT = "/nix/store/00000000000000000000000000000002-microvm-demo-vm-microvm-run";

/** The user and the programs that the module counts on, a secret that root alone may read, and a VM that is refused it. */
const SET_UP = `
set -e
# Before what is shown inside of it.
mount -t tmpfs -o mode=0755 tmpfs /var/lib
for name in passwd group; do
  cp /etc/$name /run/$name
  mount --bind /run/$name /etc/$name
done
echo 'mvdoctor:x:64999:64999::/:/usr/sbin/nologin' >> /etc/passwd
echo 'mvdoctor:x:64999:' >> /etc/group
mkdir -p /nix && mount -t tmpfs tmpfs /nix
mkdir -p ${PACKAGES}/mvdoctor/bin ${RUNNER}/bin /run/secrets/demo /var/lib/microvms/demo-vm
for name in coreutils findutils acl util-linux nix systemd; do ln -s /usr ${PACKAGES}/$name; done
cat > ${PACKAGES}/mvdoctor/bin/mvdoctor <<'FILE'
#!/bin/sh
exec /run/program/node /run/program/dist/bin.js "$@"
FILE
chmod 0755 ${PACKAGES}/mvdoctor/bin/mvdoctor
cp -r ${SHOWN}/run/. /run/
chmod 0755 /run/scripts/*
chmod 0751 /run/secrets /run/secrets/demo
printf CANARY > /run/secrets/demo/api-key && chmod 0400 /run/secrets/demo/api-key
cat > ${SCRIPT} <<'FILE'
#!/bin/bash
set -eou pipefail
API_KEY=$(cat /run/secrets/demo/api-key)
exec -a microvm@demo-vm sleep 600
FILE
chmod 0555 ${SCRIPT}
ln -s ${SCRIPT} ${RUNNER}/bin/microvm-run
ln -s ${RUNNER} /var/lib/microvms/demo-vm/current
printf '%s\n\n0\n' ${SCRIPT} ${RUNNER} | nix-store --option build-users-group '' --register-validity 2>/dev/null
cat > /run/systemd/system/microvm@.service <<'FILE'
[Unit]
Description=MicroVM '%i'
StartLimitIntervalSec=0
[Service]
User=nobody
WorkingDirectory=/var/lib/microvms/%i
ExecStart=/var/lib/microvms/%i/current/bin/microvm-run
SyslogIdentifier=microvm@%i
Restart=always
RestartSec=300ms
FILE
systemctl daemon-reload
`;

interface Given {
  /** For `services.mvdoctor.onFailure`. */
  readonly settings: string;
  readonly systemdVersion: string;
}

interface ModuleHost {
  run(...command: readonly [string, ...string[]]): Promise<string>;
  /** What a unit of the module for the VM said. */
  said(unit: string): Promise<string>;
  stop(): Promise<void>;
}

/** Boots a systemd with the units of the module, and a VM that waits to fail. */
const bootWithModule = async ({ settings, ...given }: Given): Promise<ModuleHost> => {
  const evaluated = await evaluateModule(
    `{ services.mvdoctor.onFailure = { enable = true; ${settings} }; }`,
    given,
  );
  if (typeof evaluated === "string") throw new Error(evaluated);
  const scratch = await mkdtemp(join(tmpdir(), "mvdoctor-on-failure-"));
  for (const [path, text] of filesOf(evaluated)) {
    await mkdir(dirname(join(scratch, path)), { recursive: true });
    await writeFile(join(scratch, path), text);
  }
  const systemd = await bootSystemd([
    [process.execPath, "/run/program/node"],
    [join(REPOSITORY, "dist"), "/run/program/dist"],
    [scratch, SHOWN],
  ]);
  const run: ModuleHost["run"] = async (...command) => (await systemd.inside(...command)).stdout;
  const stop = async (): Promise<void> => {
    await systemd.stop();
    await rm(scratch, { recursive: true, force: true });
  };
  const ready = await systemd.inside("bash", "-c", SET_UP);
  if (ready.exitCode !== 0) {
    await stop();
    throw new Error(ready.stderr);
  }
  return {
    run,
    said: (unit) =>
      run("journalctl", "--output=cat", "--quiet", `_SYSTEMD_UNIT=${unit}@demo-vm.service`),
    stop,
  };
};

const versionOfSystemd = async (): Promise<string> =>
  /\d+/u.exec((await execa("systemctl", ["--version"])).stdout)?.[0] ?? "";

const MVDOCTOR = `${PACKAGES}/mvdoctor/bin/mvdoctor`;

describe.skipIf(!canBoot)("a VM that fails again and again, on a host with the module", () => {
  let host: ModuleHost | undefined;

  const here = (): ModuleHost => {
    if (host === undefined) throw new Error("no systemd was booted");
    return host;
  };
  const count = (text: string, part: string): number => text.split(part).length - 1;
  const failed = [
    "UNIT=microvm@demo-vm.service",
    "MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c",
  ] as const;

  beforeAll(async () => {
    host = await bootWithModule({
      settings: "interval = 5; settle = 0; keep = 2;",
      systemdVersion: await versionOfSystemd(),
    });
    await host.run("systemctl", "start", "--no-block", "microvm@demo-vm.service");
    await until("three reports", async () =>
      (await here().said("mvdoctor-failure")).includes("removed"),
    );
    await host.run("systemctl", "stop", "microvm@demo-vm.service");
  });
  afterAll(async () => {
    await host?.stop();
  });

  it("leaves one report for each pause and the newest of them, however often it fails", async () => {
    const failures = count(
      await here().run("journalctl", "--output=cat", "--quiet", ...failed),
      "Failed with result 'exit-code'",
    );
    expect(failures).toBeGreaterThan(20);
    const said = await here().said("mvdoctor-failure");
    expect(count(said, "wrote /var/lib/mvdoctor/demo-vm/")).toBe(3);
    expect(count(said, "2 are kept")).toBe(2);
    const files = (await here().run("ls", REPORTS)).split("\n");
    expect(files.map((file) => file.replace(/^.*Z/u, "")).toSorted()).toEqual(
      [".mvb", ".mvb", ".md", ".md", "newest.md"].toSorted(),
    );
    const report = await here().run("cat", `${REPORTS}/newest.md`);
    expect(report).toContain("`access/file-mode`");
    // There is no daemon here to ask, and a namespace is refused: that is said.
    expect(report).toMatch(/Gap, nix-store.*unshare/u);
    expect(await here().run("stat", "--format=%a %U", "/var/lib/mvdoctor")).toBe("700 mvdoctor");
  });

  it("has the failures without a report counted in the journal, and the last state written", async () => {
    await until("a pause without a failure", async () =>
      (await here().said("mvdoctor-pause")).includes("has not failed since its last report"),
    );
    const said = await here().said("mvdoctor-pause");
    const counted = [...said.matchAll(/demo-vm failed (\d+) times since/gu)].map(Number);
    expect(counted.length).toBeGreaterThanOrEqual(2);
    const times = await here().run("journalctl", "--output=short-unix", "--quiet", ...failed);
    const last = Number(/^[\d.]+/u.exec(times.split("\n").at(-1) ?? "")?.[0]);
    const read = Number(await here().run("stat", "--format=%.Y", `${REPORTS}/.read`));
    expect(read).toBeGreaterThan(last);
    const units = await here().run(
      "systemctl",
      "list-units",
      "--plain",
      "--no-legend",
      "mvdoctor-*",
    );
    expect(units).not.toMatch(/failed|active/u);
  });

  it("gets a report again when it fails another day", async () => {
    const reports = async (): Promise<number> =>
      count(await here().said("mvdoctor-failure"), "wrote /var/lib/mvdoctor/demo-vm/");
    const before = await reports();
    await here().run("systemctl", "start", "--no-block", "microvm@demo-vm.service");
    await until("another report", async () => (await reports()) > before);
  });
});

describe.skipIf(!canBoot)("the unit that writes the report", () => {
  it("sees all that root sees, and writes nowhere else", async () => {
    // As of 254: OnFailure= alone, which older ones heed where nothing restarts the VM.
    const host = await bootWithModule({ settings: "settle = 0;", systemdVersion: "254" });
    try {
      const tried = ["/etc", "/run", "/tmp", "/home", "/nix/store", "/var/lib/microvms/demo-vm"];
      const attempts = tried
        .map((place) => `ExecStartPre=-/bin/touch ${place}/was-here`)
        .join("\n");
      const fail = `
        set -e
        cd /run/systemd/system
        mkdir microvm@demo-vm.service.d mvdoctor-failure@.service.d
        printf '[Service]\nRestart=no\n' > microvm@demo-vm.service.d/once.conf
        printf '[Service]\n${attempts}\n' > mvdoctor-failure@.service.d/try.conf
        systemctl daemon-reload
        systemd-run --quiet --unit=nix-daemon nix-daemon
        while ! [ -S /nix/var/nix/daemon-socket/socket ]; do sleep 0.1; done
        systemctl start microvm@demo-vm.service
      `;
      await host.run("bash", "-c", fail);
      await until("a report", async () => (await host.said("mvdoctor-failure")).includes("wrote "));
      const reportOf = async (...source: readonly string[]): Promise<JsonReport> =>
        parseReport(await host.run(MVDOCTOR, "diagnose", "demo-vm", "--json", ...source));
      const bundle = await host.run("bash", "-c", `echo ${REPORTS}/*.mvb`);
      const written = await reportOf("--bundle", bundle);
      const seen = await reportOf();
      expect(written.coverage.gaps).toEqual(seen.coverage.gaps);
      expect(vmOf(written, "demo-vm").rootCauses).toEqual(["access/file-mode"]);
      expect(vmOf(written, "demo-vm").stages).toEqual(vmOf(seen, "demo-vm").stages);
      expect(JSON.stringify(written)).not.toContain("CANARY");
      const found = await host.run(
        "bash",
        "-c",
        `ls ${tried.map((at) => `${at}/was-here`).join(" ")}`,
      );
      expect(found).toBe("");
      const said = await host.run(
        "journalctl",
        "--output=cat",
        "--quiet",
        "SYSLOG_IDENTIFIER=touch",
      );
      expect(said.match(/Read-only file system/gu)).toHaveLength(tried.length);
    } finally {
      await host.stop();
    }
  });
});
