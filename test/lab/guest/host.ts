import { join } from "node:path";
import { execa } from "execa";
import { bootSystemd, type OwnSystemd } from "../../support/own-systemd.ts";
import { REPOSITORY } from "../../support/run-node.ts";
import { emulation, type Accelerator } from "./accelerator.ts";
import type { GuestCase } from "./cases.ts";
import { REPORT_UNIT, REPORT_UNIT_TEXT, type GuestImage } from "./image.ts";
import { BASH, INITRD, KERNEL, QEMU, runnerText, shutdownText, storePath } from "./runner.ts";
import { UNITS } from "./units.ts";

/** A host with a VM for each case, none of them started. */
export interface GuestHost extends OwnSystemd {
  /** Runs mvdoctor there. */
  doctor(...args: readonly string[]): ReturnType<OwnSystemd["inside"]>;
  /** Copies a file of the host to this machine. */
  copyOut(path: string, to: string): Promise<void>;
}

/** Where Node and the built program, and the guest, are shown. */
const PROGRAM = "/run/program";
const IMAGE = "/run/guest";

export const bootHost = async (
  cases: readonly GuestCase[],
  image: GuestImage,
  accelerator: Accelerator,
): Promise<GuestHost> => {
  const systemd = await bootSystemd([
    [process.execPath, `${PROGRAM}/node`],
    [join(REPOSITORY, "dist"), `${PROGRAM}/dist`],
    [image.kernel, `${IMAGE}/vmlinuz`],
    [image.initrd, `${IMAGE}/initrd`],
  ]);
  const refused = { ...(await emulation()), accel: "kvm:tcg" };
  const vms = cases.map((one) => vmOf(one, one.wantsKvm === true ? refused : accelerator));
  const script = [setUp(accelerator), ...vms, START].join("\n");
  const { exitCode, stderr } = await systemd.inside("bash", "-c", script);
  if (exitCode !== 0 || stderr !== "") {
    await systemd.stop();
    throw new Error(`the host could not be set up: ${stderr}`);
  }
  return {
    ...systemd,
    doctor: (...args) => systemd.inside(`${PROGRAM}/node`, `${PROGRAM}/dist/bin.js`, ...args),
    async copyOut(path, to) {
      await execa("cp", [join("/proc", systemd.leader, "root", path), to]);
    },
  };
};

const file = (path: string, text: string): string =>
  `mkdir -p ${path.slice(0, path.lastIndexOf("/"))}\ncat > ${path} <<'END_OF_FILE'\n${text}END_OF_FILE`;

const link = (path: string, target: string): string =>
  `mkdir -p ${path.slice(0, path.lastIndexOf("/"))}\nln -s ${target} ${path}`;

/** Users, units and programs. Other uids than those of the machine would only be numbers to who looks: they are bound over its own. */
const setUp = ({ name }: Accelerator): string => `
set -e
mkdir -p /nix && mount -t tmpfs tmpfs /nix
${link(BASH, "/bin/bash")}
${link(QEMU, "/usr/bin/qemu-system-x86_64")}
${link(KERNEL, `${IMAGE}/vmlinuz`)}
${link(INITRD, `${IMAGE}/initrd`)}
mkdir /run/accounts && cp /etc/passwd /etc/group /run/accounts
sed -i '/^microvm:/d' /run/accounts/passwd && echo 'microvm:x:984:302::/var/empty:/usr/sbin/nologin' >> /run/accounts/passwd
sed -i '/^kvm:/d' /run/accounts/group && echo 'kvm:x:302:' >> /run/accounts/group
mount --bind /run/accounts/passwd /etc/passwd
mount --bind /run/accounts/group /etc/group
if [ -e /dev/kvm ]; then
  mknod /run/kvm c 10 232
  chown root:kvm /run/kvm
  chmod ${name === "KVM" ? "0660" : "0600"} /run/kvm
  mount --bind /run/kvm /dev/kvm
fi
chown microvm:kvm /var/lib/microvms && chmod 0775 /var/lib/microvms
mkdir -m 0751 /run/secrets
${Object.entries(UNITS)
  .map(([unit, text]) => file(`/run/systemd/system/${unit}`, text))
  .join("\n")}
`;

/** One VM as it is installed: runner, links, drop-in, what is known of its guest, and its secrets. */
const vmOf = (one: GuestCase, accelerator: Accelerator): string => {
  const { name: vm, script, credentials = [], machine, unit = "", host } = one;
  const runner = storePath(`microvm-qemu-${vm}`);
  const run = storePath(`microvm-${vm}-microvm-run`);
  const shutdown = storePath(`microvm-${vm}-microvm-shutdown`);
  const extra = storePath(`microvm-${vm}-extra-args`);
  const guest = storePath(`nixos-system-${vm}-25.05`);
  const text = runnerText({
    vm,
    machine,
    accelerator,
    credentials,
    ...(script === undefined ? {} : { script: extra }),
  });
  return [
    file(run, text),
    file(shutdown, shutdownText(vm)),
    ...(script === undefined ? [] : [file(extra, script), `chmod 0555 ${extra}`]),
    `chmod 0555 ${run} ${shutdown}`,
    link(`${runner}/bin/microvm-run`, run),
    link(`${runner}/bin/microvm-shutdown`, shutdown),
    link(`${runner}/share/microvm/system`, guest),
    file(`${runner}/share/microvm/hypervisor`, "qemu\n"),
    file(`${guest}/etc/systemd/system/${REPORT_UNIT}`, REPORT_UNIT_TEXT),
    link(`/var/lib/microvms/${vm}/current`, runner),
    link(`/var/lib/microvms/${vm}/toplevel`, guest),
    `chown -h microvm:kvm /var/lib/microvms/${vm} /var/lib/microvms/${vm}/current`,
    file(
      `/run/systemd/system/microvm@${vm}.service.d/overrides.conf`,
      `[Service]\n${unit}\nTimeoutStopSec=${PATIENCE}\n`,
    ),
    `mkdir -m 0751 /run/secrets/${vm}`,
    host,
  ].join("\n");
};

const START = "systemctl daemon-reload";

/** Seconds for a guest that does not heed its keyboard, before systemd ends QEMU. */
const PATIENCE = 20;
