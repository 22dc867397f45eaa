/** What was measured on, read from the machine itself and without its name. */
import { cpus, loadavg, release, totalmem } from "node:os";

import { execa } from "execa";

/** What to say of a machine that was busy. */
const BUSY =
  "More wanted to run than there are cores, so that time on processors says more here than wall.";

/** The processor, the memory, the kernel and the versions of what runs; the load tells how quiet it was. */
export const machine = async (): Promise<string> => {
  const [processor] = cpus();
  const { stdout } = await execa("journalctl", ["--version"]);
  const systemd = /^systemd (?<version>\d+)/u.exec(stdout)?.groups?.["version"] ?? "unknown";
  const [load = 0] = loadavg();
  const line = [
    `${processor?.model ?? "an unknown processor"}, ${cpus().length} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    `Linux ${/^\d+\.\d+/u.exec(release())?.[0] ?? release()}`,
    `systemd ${systemd}`,
    `Node ${process.versions.node}`,
    `load ${load.toFixed(1)} before the first run`,
  ].join(", ");
  return load > cpus().length ? `${line}. ${BUSY}` : `${line}.`;
};
