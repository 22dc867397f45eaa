import type { Trouble } from "../facts/vmm-troubles.ts";
import type { RuleId } from "../vocabulary.ts";
import type { Remedy } from "./rule.ts";

interface Advice {
  readonly id: RuleId;
  readonly title: string;
  readonly commands: readonly string[];
  readonly cost: string;
}

/** A repair that only a start can show: what to look at, and what it costs. */
const advice = ({ id, title, commands, cost }: Advice): readonly Remedy[] => [
  { title, kind: "command", snippet: commands.join("\n"), clears: [id], leaves: [], cost },
];

/** The unit that the trouble ended, for a command line. */
const unitOf = (trouble: Trouble): string =>
  trouble.phase?.starts[0]?.unit ?? "microvm@NAME.service";

const THEN_START = "Start the VM once it is so.";

export const makeInterface = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/tap",
    title: `Give the VM the network interface ${trouble.object ?? "that its runner names"}`,
    commands: [
      `ip -details link show${trouble.object === undefined ? "" : ` ${trouble.object}`}`,
      "grep -rs . /var/lib/microvms/*/current/share/microvm/tap-*",
    ],
    cost: `It needs the flags that the runner names, its parent where it has one, and no other VM that holds it. ${THEN_START}`,
  });

export const openKvm = (trouble: Trouble, absent: boolean): readonly Remedy[] =>
  advice({
    id: "unrelated/kvm",
    title: absent ? "Give the host /dev/kvm" : "Let the unit's user open /dev/kvm",
    commands: absent
      ? ["modprobe --all --quiet kvm_intel kvm_amd; ls -l /dev/kvm; dmesg | grep -i kvm"]
      : [
          "ls -l /dev/kvm; getfacl --absolute-names /dev/kvm",
          `systemctl show -p User,Group,SupplementaryGroups,DeviceAllow,DevicePolicy ${unitOf(trouble)}`,
        ],
    cost: absent
      ? "Virtualisation has to be on in the firmware, and nested where the host is itself a VM."
      : `The group kvm is what NixOS gives the device to. ${THEN_START}`,
  });

export const ownAddress = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/vsock",
    title: "Give each VM a vsock address of its own",
    commands: [
      "grep -s . /var/lib/microvms/*/current/share/microvm/vsock-cid",
      `ls -l /dev/vhost-vsock; systemctl status ${unitOf(trouble)}`,
    ],
    cost: "microvm.vsock.cid of one of the two has to change; it needs a rebuild and a start.",
  });

export const freeFile = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/lock",
    title: "Stop the process that holds it",
    commands: [`fuser --verbose ${trouble.object ?? "/var/lib/microvms/*/*.img"}`],
    cost: `A path without a directory lies in the VM's state directory. ${THEN_START}`,
  });

export const useVolume = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/volume",
    title: `Let the unit's user write ${trouble.object ?? "the image"}, and make room for it`,
    commands: [
      `namei --long ${trouble.object ?? "/var/lib/microvms"}`,
      `df --human-readable ${trouble.object ?? "/var/lib/microvms"}`,
    ],
    cost: `A path without a directory lies in the VM's state directory. ${THEN_START}`,
  });

export const makeRoom = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/oom",
    title: "Give the VM less memory, or the host more",
    commands: [
      `systemctl show -p MemoryMax,MemoryHigh,ManagedOOMMemoryPressure ${unitOf(trouble)}`,
      "free --human; grep -i huge /proc/meminfo",
    ],
    cost: "microvm.mem is taken from the host in full; changing it needs a rebuild and a start.",
  });

export const lookAtCrash = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/vmm-crash",
    title: "Look at the core dump, and try another version of the VMM",
    commands: [`coredumpctl info COREDUMP_UNIT=${unitOf(trouble)}`],
    cost: "Without a core dump the VMM's last lines before its end are all there is.",
  });

export const giveDevice = (trouble: Trouble): readonly Remedy[] =>
  advice({
    id: "unrelated/host-environment",
    title: `Let the unit's user use ${trouble.object ?? "the device"}`,
    commands: [
      `ls -l ${trouble.object?.startsWith("/") === true ? trouble.object : "/dev/vfio"}; sysctl kernel.io_uring_disabled`,
    ],
    cost: THEN_START,
  });

export const ownDirectory = (directory: string): readonly Remedy[] =>
  advice({
    id: "unrelated/state-directory",
    title: `Give ${directory} back to the unit's user`,
    commands: [`namei --long ${directory}`, `chown microvm:kvm ${directory}`, `df ${directory}`],
    cost: "On a file system that is full or read-only the owner does not help.",
  });
