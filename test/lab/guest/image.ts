import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { cached, cacheKey, isCached } from "../cache.ts";

/** What QEMU boots. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

/** The guest's service that wants the credential, in the guest itself and in what the host knows of it. */
export const REPORT_UNIT = "credential-sizes.service";
export const REPORT_UNIT_TEXT = `[Unit]
Description=Sizes of the credentials

[Service]
Type=oneshot
LoadCredential=api-key
ExecStart=/usr/lib/guest/credential-sizes-start
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
`;

/** Says how long the credential is, and never what it is. A file that is not there counts as 0, as in the services of the field. */
const REPORT_SCRIPT = `#!/bin/sh
echo "API_KEY = $(wc -c < "$CREDENTIALS_DIRECTORY/api-key" 2>/dev/null || echo 0) bytes"
`;

/** What the guest has besides packages: paths below its root, and their texts. */
const FILES: Readonly<Record<string, string>> = {
  "etc/fstab": "",
  "etc/group": "root:x:0:\n",
  "etc/hostname": "guest\n",
  "etc/machine-id": "",
  "etc/os-release": 'ID=guest\nPRETTY_NAME="The guest"\n',
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
  [`etc/systemd/system/${REPORT_UNIT}`]: REPORT_UNIT_TEXT,
  "usr/lib/guest/credential-sizes-start": REPORT_SCRIPT,
};

/** What a guest does at its boot that makes no difference here, and takes long without KVM. */
const MASKED = [
  ["dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"],
  ["modprobe@.service", "systemd-modules-load.service", "systemd-sysctl.service"],
  [
    "systemd-sysusers.service",
    "systemd-tmpfiles-setup.service",
    "systemd-tmpfiles-setup-dev.service",
  ],
  [
    "systemd-random-seed.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
  ],
  ["systemd-user-sessions.service", "systemd-journal-flush.service", "getty.target"],
].flat();

/** The same for links. */
const LINKS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(MASKED.map((unit) => [`etc/systemd/system/${unit}`, "/dev/null"])),
  "etc/systemd/system/default.target": "/usr/lib/systemd/system/multi-user.target",
  [`etc/systemd/system/multi-user.target.wants/${REPORT_UNIT}`]: `../${REPORT_UNIT}`,
};

const RECIPE = join(import.meta.dirname, "make-image.sh");

const keyOf = async (): Promise<string> =>
  cacheKey("guest", await readFile(RECIPE, "utf8"), JSON.stringify([FILES, LINKS]));

export const hasGuestImage = async (): Promise<boolean> => isCached(await keyOf());

/** The guest, made where it is not cached: half a minute, some 50 MB from the mirror, and as much again to keep. */
export const guestImage = async (signal: AbortSignal): Promise<GuestImage> => {
  const directory = await cached(await keyOf(), async (path) => {
    const files = join(path, "files");
    await writeBelow(files);
    // All that it starts ends with it.
    const alone = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const made = await execa("unshare", [...alone, "bash", RECIPE, path, files], {
      all: true,
      cancelSignal: signal,
      killSignal: "SIGKILL",
      env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
      reject: false,
      stdin: "ignore",
    });
    if (made.failed) throw new Error(`${made.shortMessage}\n${made.all.slice(-LAST_WORDS)}`);
  });
  return { kernel: join(directory, "vmlinuz"), initrd: join(directory, "initrd") };
};

const writeBelow = async (root: string): Promise<void> => {
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }
  for (const [path, target] of Object.entries(LINKS)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(target, join(root, path));
  }
};

/** So much of what a program said last is enough to see why it failed. */
const LAST_WORDS = 2000;
