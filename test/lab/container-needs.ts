import { execa } from "execa";
import { hasRootfs, type Release } from "./container/rootfs.ts";
import { isInstalled, missingPrograms } from "./programs.ts";

/** Programs that a container needs, each with the package of Debian that brings it. */
const PROGRAMS = {
  "systemd-nspawn": "systemd-container",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  pgrep: "procps",
  journalctl: "systemd",
  "nix-store": "nix-bin",
  getfacl: "acl",
} as const;

/** What this machine lacks to boot the systemd of these releases, a sentence each. */
export const missingForContainers = async (
  releases: readonly Release[],
): Promise<readonly string[]> => {
  if (process.getuid?.() !== 0) return ["only root may make containers"];
  const missing = [
    ...missingPrograms(PROGRAMS),
    ...(releases.every(hasRootfs) || isInstalled("debootstrap")
      ? []
      : ["debootstrap is not installed, and no root file system is cached"]),
  ];
  return missing.length > 0 ? missing : await missingRights();
};

/** What even root may not do on this machine and a booted systemd needs. */
export const missingRights = async (): Promise<readonly string[]> => {
  const tried = await execa(
    "unshare",
    ["--mount", "--propagation", "private", "sh", "-c", MOUNTS],
    {
      reject: false,
      stdin: "ignore",
    },
  );
  return tried.exitCode === 0
    ? []
    : [`this machine does not let root mount what a container needs: ${tried.stderr}`];
};

/** A file system in memory, and an overlay on it; and cgroups that may be made. */
const MOUNTS = `
  set -e
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/lower /mnt/upper /mnt/work /mnt/both
  mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/both
  for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -e "$hierarchy/cgroup.procs" ]; then
      mkdir "$hierarchy/mvdoctor-lab-probe-$$"
      rmdir "$hierarchy/mvdoctor-lab-probe-$$"
      exit 0
    fi
  done
  echo "no cgroups of version 2 are mounted" >&2
  exit 1
`;
