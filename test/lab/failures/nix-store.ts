import { RUNS, type Failure } from "./failure.ts";

const taking = (vm: string) =>
  ({
    arguments: `-fw_cfg name=opt/io.systemd.credentials/API_KEY,file=/run/credentials/microvm@${vm}.service/api-key`,
    unit: `LoadCredential=api-key:/run/secrets/${vm}/api-key`,
  }) as const;

const secretOf = (vm: string) => [{ name: `${vm}/api-key` }] as const;

/** A runner that is not the one that was meant, and what a switch of the host does to VMs that run. */
export const NIX_STORE: readonly Failure[] = [
  {
    name: "collected-runner",
    what: "The garbage collector took a runner without a root",
    vm: taking("collected-runner"),
    secrets: secretOf("collected-runner"),
    // A runner that somebody built and linked by hand, without a root: the next garbage collection takes it.
    prepare: `
      dir=$(mktemp -d)
      cp -r "$(readlink -f /var/lib/microvms/collected-runner/current)" "$dir/microvm-qemu-collected-runner"
      runner=$(nix-store --add "$dir/microvm-qemu-collected-runner")
      ln -sfT "$runner" /var/lib/microvms/collected-runner/current
      nix-store --gc >/dev/null 2>&1`,
    until: { line: /unmet condition/u, times: 1 },
    foretold: ["runner/missing"],
    status: "failing",
    rootCauses: ["runner/missing"],
    finds: ["lifecycle/condition-skipped"],
    words: "unmet condition check",
  },
  {
    name: "linked-by-hand",
    what: "Somebody linked a runner of their own",
    vm: taking("linked-by-hand"),
    secrets: secretOf("linked-by-hand"),
    prepare: `
      dir=$(mktemp -d)
      cp -r "$(readlink -f /var/lib/microvms/linked-by-hand/current)" "$dir/microvm-qemu-linked-by-hand"
      echo other > "$dir/microvm-qemu-linked-by-hand/share/microvm/comment"
      ln -sfT "$(nix-store --add "$dir/microvm-qemu-linked-by-hand")" /var/lib/microvms/linked-by-hand/current`,
    until: RUNS,
    foretold: ["runner/stale-current"],
    status: "failing",
    rootCauses: ["runner/stale-current"],
    finds: ["runner/unknown-origin"],
  },
  {
    name: "frozen-runner",
    what: "A switch brings a new runner, and its installer is skipped",
    vm: { frozen: true, unit: taking("frozen-runner").unit },
    secrets: secretOf("frozen-runner"),
    until: RUNS,
    later: { ...taking("frozen-runner"), frozen: true, restartIfChanged: false },
    foretold: ["runner/no-secret-path"],
    status: "failing",
    rootCauses: ["runner/stale-current"],
    everWorked: "no",
  },
  {
    name: "not-restarted",
    what: "A switch links a new runner, and the VM is not restarted",
    vm: { unit: taking("not-restarted").unit, restartIfChanged: false },
    secrets: secretOf("not-restarted"),
    until: RUNS,
    later: { ...taking("not-restarted"), restartIfChanged: false },
    foretold: ["runner/no-secret-path"],
    status: "failing",
    rootCauses: ["runner/stale-booted"],
    everWorked: "no",
  },
  {
    name: "restarted-by-the-switch",
    what: "A switch restarts a VM that changed",
    vm: taking("restarted-by-the-switch"),
    secrets: secretOf("restarted-by-the-switch"),
    until: RUNS,
    later: {
      ...taking("restarted-by-the-switch"),
      guest: { "nixos-version": "25.05.20251220.changed" },
    },
    foretold: [],
    status: "healthy",
    rootCauses: [],
  },
  {
    name: "taken-out",
    what: "A switch takes the VM out of the configuration while it runs",
    vm: taking("taken-out"),
    secrets: secretOf("taken-out"),
    until: RUNS,
    later: "taken out",
    foretold: { cannot: "what the next configuration lacks is in no file yet" },
    status: "failing",
    rootCauses: [],
    finds: ["runner/orphan-vm", "credentials/not-configured"],
  },
  {
    name: "pinned-generation",
    what: "The unit names generation 1 of the secrets, and a switch makes 2",
    vm: {
      arguments: taking("pinned-generation").arguments,
      unit: "LoadCredential=api-key:/run/secrets.d/1/pinned-generation/api-key",
    },
    secrets: secretOf("pinned-generation"),
    until: RUNS,
    later: "as it was",
    foretold: { cannot: "the generation that is named is in force until the switch" },
    status: "failing",
    rootCauses: ["source/stale-generation"],
  },
  {
    name: "emptied-share",
    what: "virtiofsd shares a generation of the secrets, which a switch removes",
    vm: {
      arguments:
        "-chardev 'socket,id=fs0,path=emptied-share-virtiofs-secrets.sock' -device 'vhost-user-fs-pci,chardev=fs0,tag=secrets'",
      programs: {
        "virtiofsd-run": `cd "$(readlink -f /run/secrets/emptied-share)" || exit 1
          systemd-notify --ready
          exec sleep infinity # virtiofsd --socket-path=emptied-share-virtiofs-secrets.sock --shared-dir=/run/secrets/emptied-share`,
      },
      shares: {
        "share/microvm/virtiofs/secrets/source": "/run/secrets/emptied-share\n",
        "share/microvm/virtiofs/secrets/socket": "emptied-share-virtiofs-secrets.sock\n",
      },
      restartIfChanged: false,
    },
    secrets: secretOf("emptied-share"),
    until: RUNS,
    later: "as it was",
    foretold: { cannot: "the share is whole until the switch" },
    status: "failing",
    rootCauses: ["hypervisor/share-emptied"],
  },
  {
    name: "discarded-override",
    what: "A `microvm-run` of the host's own was built and is not in force",
    vm: { unit: taking("discarded-override").unit },
    secrets: secretOf("discarded-override"),
    // A script of the host's own that was built and that nothing refers to.
    prepare: `
      dir=$(mktemp -d)
      printf '%s\\n' '#!/bin/bash' 'API_KEY=$(cat "$CREDENTIALS_DIRECTORY/api-key")' 'exec cloud-hypervisor --platform "oem_strings=[io.systemd.credential:API_KEY=$API_KEY]"' > "$dir/microvm-discarded-override-microvm-run"
      chmod 0555 "$dir/microvm-discarded-override-microvm-run"
      nix-store --add "$dir/microvm-discarded-override-microvm-run" >/dev/null`,
    until: RUNS,
    foretold: ["runner/no-secret-path"],
    status: "failing",
    rootCauses: ["runner/no-secret-path"],
    finds: ["runner/override-discarded"],
    everWorked: "no",
  },
];
