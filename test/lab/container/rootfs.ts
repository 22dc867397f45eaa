import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { cached, cacheKey, isCached } from "../cache.ts";

/** A release of Debian, for the systemd that it has. */
export interface Release {
  readonly suite: string;
  /** As `systemctl --version` says it; of the newest it is whatever the mirror gives. */
  readonly systemd: string;
}

export const RELEASES = [
  { suite: "bookworm", systemd: "252" },
  { suite: "trixie", systemd: "257" },
  { suite: "forky", systemd: "26x" },
] as const satisfies readonly Release[];

/** What debootstrap makes alone, and what apt adds, since debootstrap knows no package that another one provides. */
const BASE = ["systemd-sysv", "dbus"];
const ADDED = ["nix-bin", "acl", "procps", "sudo"];

/** Files of the image that make it smaller and faster to install, and keep services of the packages from starting while it is made. */
const SETTINGS: Readonly<Record<string, string>> = {
  "etc/dpkg/dpkg.cfg.d/lab": [
    "force-unsafe-io",
    "path-exclude=/usr/share/doc/*",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "",
  ].join("\n"),
  "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
  // Derivations are built by root alone and from nothing but what is here.
  "etc/nix/nix.conf":
    "build-users-group =\nsandbox = false\nsubstituters =\nmax-jobs = 2\nextra-experimental-features = nix-command\n",
};

/** The users and directories that microvm.nix makes (`microvm:kvm`), and the group of sops-nix and agenix. */
const PREPARE = `
getent group kvm >/dev/null || groupadd --system kvm
groupadd --system --gid 961 keys
useradd --system --gid kvm --no-create-home --home-dir /var/empty --shell /usr/sbin/nologin microvm
useradd --create-home --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
install -d -o microvm -g kvm -m 0775 /var/lib/microvms
install -d /var/log/journal /nix/var/nix/profiles /nix/store
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d
`;

/** Its mounts and its processes end with it, whatever ends it. */
const OF_ITS_OWN = "--mount --propagation private --pid --fork --kill-child".split(" ");

/** So much of what a program said last is enough to see why it failed. */
const LAST_WORDS = 2000;

const keyOf = ({ suite }: Release): string =>
  cacheKey(`rootfs-${suite}`, ...BASE, ...ADDED, JSON.stringify(SETTINGS), PREPARE);

export const hasRootfs = (release: Release): boolean => isCached(keyOf(release));

/** The root file system of a release, made where it is not cached: a minute, and some 400 MB. */
export const rootfsOf = (release: Release, signal: AbortSignal): Promise<string> =>
  cached(keyOf(release), async (root) => {
    // What debootstrap mounts in it is gone with the mount namespace, also where it is interrupted. apt-get runs without /proc: no package
    // may set up the kernel of this machine.
    const make = async (...command: readonly string[]): Promise<void> => {
      const ended = await execa("unshare", [...OF_ITS_OWN, ...command], {
        stdin: "ignore",
        killSignal: "SIGKILL",
        all: true,
        reject: false,
        cancelSignal: signal,
        env: { DEBIAN_FRONTEND: "noninteractive" },
      });
      if (ended.failed)
        throw new Error(`${release.suite}: ${ended.shortMessage}\n${ended.all.slice(-LAST_WORDS)}`);
    };
    await make(
      "debootstrap",
      "--variant=minbase",
      `--include=${BASE.join(",")}`,
      release.suite,
      root,
      // Its own mirror, and a script that there is also where debootstrap is older than the release.
      "",
      "sid",
    );
    for (const [path, text] of Object.entries(SETTINGS)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text, {
        mode: path.startsWith("usr/sbin") ? 0o755 : 0o644,
      });
    }
    const install = `apt-get install --yes --no-install-recommends ${ADDED.join(" ")}`;
    await make("chroot", root, "bash", "-c", `set -e\n${install}\n${PREPARE}`);
  });
