import { setTimeout as sleep } from "node:timers/promises";
import { execa, type Options, type Result } from "execa";

/** A systemd of this machine as PID 1 of its own namespaces, with fresh /run, /tmp, journal and state directories. */
export interface OwnSystemd {
  /** Its PID on this machine. */
  readonly leader: string;
  inside(...command: readonly [string, ...string[]]): Promise<Result<typeof INSIDE>>;
  /** PID 1 of the namespace takes everything in it along, and its mounts with it. */
  stop(): Promise<void>;
}

const INSIDE = { reject: false, stdin: "ignore" } as const satisfies Options;

/**
 * What systemd would change of this machine at boot is masked: settings of the kernel, and what systemd-tmpfiles empties. Nothing is
 * booted where a fresh file system is missing. Mounts are shared, as container managers leave them to systemd: credentials are mounted in
 * a namespace of their own, and come back no other way. The arguments are pairs of a file or directory of this machine and the place below /run
 * that shows it.
 */
const BOOT = `
set -e
hostname vm-host
mount -t tmpfs tmpfs /run && mkdir -p /run/lock /run/systemd/system
for unit in sysctl.service modules-load.service binfmt.service tmpfiles-setup.service \
  tmpfiles-setup-dev.service tmpfiles-clean.timer tmpfiles-clean.service; do
  ln -s /dev/null "/run/systemd/system/systemd-$unit"
done
while [ $# -gt 0 ]; do
  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")" && touch "$2"; fi
  mount --bind "$1" "$2"
  shift 2
done
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/log
mkdir -p /var/lib/microvms
mount -t tmpfs tmpfs /var/lib/microvms
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mountpoint -q /tmp
mount --make-rshared /
export container=oci
exec /lib/systemd/systemd --system --unit=basic.target --log-target=journal --show-status=0
`;

export const bootSystemd = async (
  shown: readonly (readonly [from: string, to: string])[] = [],
): Promise<OwnSystemd> => {
  // With who started it ends all of it, however that ended.
  const unshared = execa(
    "setpriv",
    [
      "--pdeathsig",
      "KILL",
      "unshare",
      "--kill-child",
      "--mount",
      "--pid",
      "--fork",
      "--uts",
      "--ipc",
      "--cgroup",
      "--mount-proc",
      "bash",
      "-c",
      BOOT,
      "bash",
      ...shown.flat(),
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore", reject: false },
  );
  let leader = "";
  await until("the first process of the namespaces", async () => {
    const { stdout } = await execa("pgrep", ["-P", String(unshared.pid)], { reject: false });
    leader = stdout.split("\n")[0] ?? "";
    return leader !== "";
  });
  const inside: OwnSystemd["inside"] = (...command) =>
    execa("nsenter", ["-t", leader, "-m", "-p", "-u", "-i", "-C", ...command], INSIDE);
  const stop = async (): Promise<void> => {
    process.kill(Number(leader), "SIGKILL");
    await unshared;
  };
  try {
    await until("systemd to boot", async () =>
      /running|degraded/u.test((await inside("systemctl", "is-system-running")).stdout),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { leader, inside, stop };
};

export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`);
};
