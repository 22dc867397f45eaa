/** Whole hosts to measure with, as trees for `--root`: one with many VMs, and one with a large Nix store. Building them needs root. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import * as v from "valibot";

import { buildHostTree } from "../test/support/host-tree.ts";
import { changesSchema } from "../test/support/scenario-changes.ts";
import { hostWith } from "../test/support/scenario.ts";
import { cached } from "./cache.ts";
import { idOf } from "./recorded-host.ts";

/** What decides on what is in these trees. */
const version = async (): Promise<string> => {
  const makers = ["hosts.ts", "../fixtures/hosts/plain.yaml", "../test/support/host-tree.ts"];
  const texts = makers.map((file) => readFile(join(import.meta.dirname, file), "utf8"));
  return (await Promise.all(texts)).join("");
};

/** The VM of fixtures/hosts/plain.yaml. */
export const OWN_VM = "web";

export const canBuildHosts = (): boolean => process.getuid?.() === 0;

/** The host of fixtures/hosts/plain.yaml with so many VMs in all. Every tenth is in a crash loop, the others run. */
export const hostWithVms = async (count: number): Promise<string> =>
  cached("host", await version(), `${count}-vms`, async (dir) => {
    const others = Array.from(
      { length: count - 1 },
      (_, index) => `vm-${String(index + 1).padStart(3, "0")}`,
    );
    const changes = v.parse(changesSchema, {
      vms: [OWN_VM, ...others],
      files: Object.fromEntries(others.flatMap(stateDirectory)),
      store: {
        ...Object.fromEntries(others.map((vm) => [`run-${vm}`, runnerOf(vm)])),
        units: { like: "units", tree: Object.fromEntries(others.flatMap(unitLinks)) },
      },
      journal: {
        add: others.flatMap((vm, index) => (index % 10 === 0 ? loopOf(vm) : runOf(vm, index))),
      },
    });
    await buildHostTree(await hostWith("plain", changes), dir);
  });

const stateDirectory = (vm: string): readonly (readonly [string, unknown])[] => {
  const dir = `/var/lib/microvms/${vm}`;
  const owner = "microvm:kvm";
  return [
    [`${dir}/`, { owner, mtime: "09:14:04.480" }],
    [`${dir}/current`, { link: `\${store:runner-${vm}}`, owner, mtime: "09:14:04.471" }],
    [`${dir}/toplevel`, { link: `\${store:guest-${vm}}`, mtime: "09:14:04.480" }],
    [`${dir}/booted`, { link: `\${store:runner-${vm}}`, owner, mtime: "07:58:55.730" }],
  ];
};

const runnerOf = (vm: string): unknown => ({
  like: "run-web",
  name: `microvm-${vm}-microvm-run`,
  text: `#!\${store:bash}/bin/bash
set -eou pipefail

runtime_args=

exec -a "microvm@${vm}" \${store:qemu}/bin/qemu-system-x86_64 -name ${vm} -M 'microvm,accel=kvm:tcg,pcie=on' -m 512M -smp 1 -nodefaults -no-user-config -no-reboot -kernel \${store:linux}/bzImage -initrd \${store:initrd-${vm}}/initrd -serial chardev:stdio -append 'console=ttyS0 init=\${store:guest-${vm}}/init' -drive 'id=store,format=raw,read-only=on,file=\${store:store-disk-${vm}},if=none' -nographic \${runtime_args:-}
`,
});

const unitLinks = (vm: string): readonly (readonly [string, string])[] => [
  [`microvms.target.wants/install-microvm-${vm}.service`, `-> ../install-microvm-${vm}.service`],
  [
    `install-microvm-${vm}.service`,
    `-> \${store:install-unit-${vm}}/install-microvm-${vm}.service`,
  ],
  [`microvm@${vm}.service.d/overrides.conf`, `-> \${store:overrides-${vm}}/microvm@${vm}.service`],
];

/** A start at boot, and what a guest says on its console. */
const runOf = (vm: string, index: number): readonly unknown[] => {
  const unit = `microvm@${vm}`;
  const second = String(index % 60).padStart(2, "0");
  return [
    { at: `07:59:${second}.020`, unit, event: "starting", pid: 2_000 + index },
    { at: `07:59:${second}.110`, unit, event: "started" },
    {
      unit,
      by: "console-web",
      lines: {
        [`08:00:${second}.704`]: "Welcome to NixOS 25.05 (Warbler)!",
        [`08:00:${second}.812`]: "[  OK  ] Reached target Multi-User System.",
      },
    },
  ];
};

/** A small journal of its own: 100 starts. */
const loopOf = (vm: string): readonly unknown[] => [
  {
    loop: `microvm@${vm}`,
    from: "09:20:00",
    every: "5250ms",
    count: 100,
    jitter: "4ms",
    pid: 9_000,
    pidStep: 9,
    by: "runner-cat",
    line: `cat: /run/secrets/${vm}/api-token: Permission denied`,
    status: 1,
  },
];

/** The host of fixtures/hosts/plain.yaml with so many paths in its Nix database; 0 for those that it has. */
export const hostWithStore = async (paths: number): Promise<string> =>
  cached("host", await version(), `${paths}-paths`, async (dir) => {
    await buildHostTree(await hostWith("plain", v.parse(changesSchema, {})), dir);
    if (paths > 0) fillStore(join(dir, "nix/var/nix/db/db.sqlite"), paths);
    // The write-ahead log is empty by now, and shared memory is of this machine.
    for (const end of ["-wal", "-shm"])
      await rm(join(dir, `nix/var/nix/db/db.sqlite${end}`), { force: true });
  });

/** How many paths each one names, as nixpkgs has it about. */
const REFERENCES = 5;

const fillStore = (file: string, paths: number): void => {
  const database = new DatabaseSync(file);
  const path = database.prepare(
    "INSERT INTO ValidPaths (path, hash, registrationTime, deriver, narSize) VALUES (?, ?, ?, ?, ?)",
  );
  const reference = database.prepare("INSERT INTO Refs (referrer, reference) VALUES (?, ?)");
  database.exec("BEGIN");
  const own = Number(path.run(...rowOf(0)).lastInsertRowid);
  for (let index = 1; index < paths; index += 1) {
    path.run(...rowOf(index));
    for (let back = 1; back <= Math.min(REFERENCES, index); back += 1)
      reference.run(own + index, own + index - back);
  }
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
};

const BASE32 = /[eotu]/gu;

const rowOf = (index: number): [string, string, number, string, number] => {
  const hash = idOf(`path ${index}`);
  const path = `/nix/store/${hash.replaceAll(BASE32, "z")}-package-${index % 4_000}-1.${index % 40}`;
  return [path, `sha256:${hash}${hash}`, 1_770_000_000 + index, `${path}.drv`, 4_096 + index];
};
