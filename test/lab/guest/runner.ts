import { createHash } from "node:crypto";
import type { Accelerator } from "./accelerator.ts";

/** What a runner of microvm.nix's is made of, as far as the trials differ in it. */
export interface RunnerSettings {
  readonly vm: string;
  readonly machine: "microvm" | "q35";
  readonly accelerator: Accelerator;
  /** What `credentialFiles` or `qemu.extraArgs` add to QEMU's words. */
  readonly credentials?: readonly string[];
  /** The path of an `extraArgsScript`. */
  readonly script?: string;
}

/** A path as in a Nix store, its hash made of the name. */
export const storePath = (name: string): string => {
  const digits = [...createHash("sha256").update(name).digest()].map((byte) => BASE32[byte % 32]);
  return `/nix/store/${digits.join("")}-${name}`;
};

const BASE32 = "0123456789abcdfghijklmnpqrsvwxyz";

export const BASH = `${storePath("bash-5.2p37")}/bin/bash`;
export const QEMU = `${storePath("qemu-host-cpu-only")}/bin/qemu-system-x86_64`;
export const KERNEL = `${storePath("linux-6.1")}/bzImage`;
export const INITRD = `${storePath("initrd-linux-6.1")}/initrd`;

/** The text of `bin/microvm-run` (microvm.nix lib/runner.nix and lib/runners/qemu.nix at 71beea0). */
export const runnerText = (settings: RunnerSettings): string => {
  const { vm, script } = settings;
  const args = qemuArguments(settings).map(escaped).join(" ");
  const extra = script === undefined ? "" : `$(${script})`;
  return `#!${BASH}
set -eou pipefail


runtime_args=${extra}

exec -a "microvm@${vm}" ${QEMU} ${args} \${runtime_args:-}
`;
};

const qemuArguments = ({
  vm,
  machine,
  accelerator,
  credentials = [],
}: RunnerSettings): readonly string[] => {
  const options =
    machine === "microvm"
      ? "acpi=on,mem-merge=on,pcie=off,pic=off,pit=off,rtc=on,usb=off"
      : "acpi=on,mem-merge=on";
  const timers = machine === "microvm" ? accelerator.kernelParameters : [];
  const parameters = ["earlyprintk=ttyS0", "console=ttyS0", "reboot=t", "panic=-1", "loglevel=4"];
  return [
    ["-name", vm, "-M", `${machine},accel=${accelerator.accel},${options}`],
    ["-m", "512M", "-smp", "1", "-nodefaults", "-no-user-config", "-no-reboot"],
    ["-kernel", KERNEL, "-initrd", INITRD, "-chardev", "stdio,id=stdio,signal=off"],
    ["-device", machine === "microvm" ? "virtio-rng-device" : "virtio-rng-pci"],
    credentials,
    ["-serial", "chardev:stdio", ...accelerator.arguments, "-device", "i8042"],
    ["-append", [...parameters, ...timers].join(" ")],
    ["-nographic", "-sandbox", "on", "-qmp", `unix:${vm}.sock,server,nowait`],
  ].flat();
};

/** As nixpkgs' `escapeShellArg` quotes. */
const escaped = (word: string): string =>
  /^[\w,.+:@%/-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** The text of `bin/microvm-shutdown`: the guest is told to reboot, which `-no-reboot` makes an end. */
export const shutdownText = (vm: string): string => `#!/usr/bin/perl
use IO::Socket::UNIX;
my $qmp = IO::Socket::UNIX->new(Peer => "${vm}.sock") or exit 0;
print {$qmp} q({"execute":"qmp_capabilities"}), "\\n";
my @keys = map { qq({"type":"key","data":{"down":true,"key":{"type":"qcode","data":"$_"}}}) } qw(ctrl alt delete);
print {$qmp} q({"execute":"input-send-event","arguments":{"events":[), join(",", @keys), "]}}\\n";
$qmp->flush;
1 while <$qmp>;
`;
