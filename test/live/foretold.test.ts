import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  parseChecks,
  parseReport,
  vmOf,
  type JsonNextStart,
  type JsonVm,
} from "../support/report-json.ts";
import { bootSystemd, until, type OwnSystemd } from "../support/own-systemd.ts";
import { requireRoot, requireTools } from "../support/requirements.ts";
import { REPOSITORY } from "../support/run-node.ts";

const canBoot =
  requireTools("unshare", "nsenter", "systemctl", "journalctl", "setfacl") && requireRoot();

interface Start {
  /** Lines of the drop-in's [Service]. */
  readonly unit?: string;
  /** What the runner does before its VMM. */
  readonly script: string;
  /** Commands that prepare the host. */
  readonly host?: string;
  readonly rootCauses: readonly string[];
  readonly stage?: string;
}

const READS = (path: string): string => `API_KEY=$(cat ${path})`;
const TAKES = 'API_KEY=$(cat "$CREDENTIALS_DIRECTORY/api-key")';
const SECRETS = "/run/secrets";

/** A VM for each way in which a start can lose its secret, each seen to do so under a real systemd. */
const STARTS: Readonly<Record<string, Start>> = {
  "by-environment": {
    host: `echo API_KEY=x > ${SECRETS}/env && chmod 0400 ${SECRETS}/env`,
    unit: `EnvironmentFile=${SECRETS}/env`,
    script: 'STRINGS="io.systemd.credential:API_KEY=$API_KEY"',
    rootCauses: [],
  },
  "listed-in-an-acl": {
    host: `printf x > ${SECRETS}/listed && chmod 0400 ${SECRETS}/listed && setfacl -m u:nobody:r ${SECRETS}/listed`,
    script: READS(`${SECRETS}/listed`),
    rootCauses: [],
  },
  "of-a-group": {
    host: `printf x > ${SECRETS}/grouped && chgrp games ${SECRETS}/grouped && chmod 0440 ${SECRETS}/grouped`,
    unit: "SupplementaryGroups=games",
    script: READS(`${SECRETS}/grouped`),
    rootCauses: [],
  },
  "closed-file": {
    script: READS(`${SECRETS}/plain`),
    rootCauses: ["access/file-mode"],
    stage: "access",
  },
  "masked-acl": {
    host: `printf x > ${SECRETS}/masked && chmod 0440 ${SECRETS}/masked && setfacl -m u:nobody:r,m::- ${SECRETS}/masked`,
    script: READS(`${SECRETS}/masked`),
    rootCauses: ["access/file-mode"],
    stage: "access",
  },
  "closed-directory": {
    host: `mkdir -m 0700 ${SECRETS}/closed && printf x > ${SECRETS}/closed/key && chmod 0444 ${SECRETS}/closed/key`,
    script: READS(`${SECRETS}/closed/key`),
    rootCauses: ["access/parent-directory"],
    stage: "access",
  },
  hidden: {
    host: `mkdir -m 0755 ${SECRETS}/hidden && printf x > ${SECRETS}/hidden/key && chmod 0444 ${SECRETS}/hidden/key`,
    unit: `InaccessiblePaths=${SECRETS}/hidden`,
    script: READS(`${SECRETS}/hidden/key`),
    rootCauses: ["access/namespace"],
    stage: "access",
  },
  "no-file": {
    script: READS("/srv/keys/gone"),
    rootCauses: ["source/path-missing"],
    stage: "source",
  },
  "no-source": {
    unit: `LoadCredential=api-key:/srv/keys/gone`,
    script: TAKES,
    rootCauses: ["credentials/source-missing"],
    stage: "source",
  },
  "too-large": {
    host: `head -c 1100000 /dev/zero > ${SECRETS}/large && chmod 0400 ${SECRETS}/large`,
    unit: `LoadCredential=api-key:${SECRETS}/large`,
    script: TAKES,
    rootCauses: ["credentials/too-large"],
    stage: "credentials",
  },
  "not-configured": {
    script: `set -u; ${TAKES}`,
    rootCauses: ["credentials/not-configured"],
    stage: "credentials",
  },
  "no-environment": {
    unit: `EnvironmentFile=${SECRETS}/gone.env`,
    script: ': "$API_KEY"',
    rootCauses: ["credentials/environment-file"],
  },
};

const NAMES = Object.keys(STARTS);

const shellQuoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const setUpOf = (name: string, { unit, script, host = "true" }: Start): string => {
  const runner = `/nix/store/00000000000000000000000000000000-microvm-qemu-${name}`;
  const run = `/nix/store/11111111111111111111111111111111-microvm-${name}-microvm-run`;
  const text = `#!/bin/bash\nset -eou pipefail\n${script}\nexec -a microvm@${name} sleep 600\n`;
  return `
${host}
mkdir -p ${runner}/bin /var/lib/microvms/${name} /run/systemd/system/microvm@${name}.service.d
printf %s ${shellQuoted(text)} > ${run} && chmod 0555 ${run}
ln -s ${run} ${runner}/bin/microvm-run
ln -s ${runner} /var/lib/microvms/${name}/current
printf '[Service]\n%s\n' ${shellQuoted(unit ?? "")} > /run/systemd/system/microvm@${name}.service.d/overrides.conf
`;
};

const SET_UP = `
set -e
mkdir -p /nix && mount -t tmpfs tmpfs /nix && mkdir -p /nix/store
mkdir -p ${SECRETS} /run/systemd/system && chmod 0751 ${SECRETS}
printf 'CANARY' > ${SECRETS}/plain && chmod 0400 ${SECRETS}/plain
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
${Object.entries(STARTS)
  .map(([name, start]) => setUpOf(name, start))
  .join("\n")}
systemctl daemon-reload
`;

const PROGRAM = "/run/program";

describe.skipIf(!canBoot)("what check foretells", () => {
  let systemd: OwnSystemd | undefined;
  let foretold: readonly JsonNextStart[] = [];
  let seen: readonly JsonVm[] = [];

  const inside = (...command: readonly [string, ...string[]]) => {
    if (systemd === undefined) throw new Error("no systemd was booted");
    return systemd.inside(...command);
  };
  const run = async (command: string): Promise<string> =>
    (await inside(`${PROGRAM}/node`, `${PROGRAM}/dist/bin.js`, command, ...NAMES, "--json")).stdout;

  beforeAll(async () => {
    systemd = await bootSystemd([
      [process.execPath, `${PROGRAM}/node`],
      [join(REPOSITORY, "dist"), `${PROGRAM}/dist`],
    ]);
    const ready = await inside("bash", "-c", SET_UP);
    expect(ready.stderr).toBe("");
    foretold = parseChecks(await run("check"));
    const units = NAMES.map((name) => `microvm@${name}.service`);
    await inside("systemctl", "start", "--no-block", ...units);
    // Those that fail, fail again and again.
    await until("six rounds of each failing VM", async () => {
      const { stdout } = await inside("journalctl", "-o", "cat", "--no-pager", "_PID=1");
      return NAMES.every(
        (name) =>
          STARTS[name]?.rootCauses.length === 0 ||
          stdout.split(`microvm@${name}.service: Failed with result`).length > 6,
      );
    });
    const report = parseReport(await run("diagnose"));
    expect(JSON.stringify(report)).not.toContain("CANARY");
    seen = NAMES.map((name) => vmOf(report, name));
  });

  afterAll(async () => {
    await systemd?.stop();
  });

  it.each(NAMES)("is what the journal of the next start shows: %s", (name) => {
    const wanted = STARTS[name];
    const next = foretold.find(({ vm }) => vm === name);
    const vm = seen.find((one) => one.vm === name);
    expect(next?.rootCauses).toEqual(wanted?.rootCauses);
    expect(vm?.rootCauses).toEqual(wanted?.rootCauses);
    const isWell = wanted?.rootCauses.length === 0;
    expect(next?.prediction).toBe(isWell ? "yes" : "no");
    expect(vm?.status).toBe(isWell ? "healthy" : "failing");
    if (wanted?.stage === undefined) return;
    const broken = vm?.stages.flatMap(({ stages }) =>
      Object.entries(stages).flatMap(([stage, state]) => (state === "broken" ? [stage] : [])),
    );
    expect([next?.stops.map(({ stage }) => stage), broken]).toEqual([
      [wanted.stage],
      [wanted.stage],
    ]);
  });
});
