/** How long a look at all VMs of a host takes, next to systemctl and one question to journalctl. */
import { join } from "node:path";

import { canBuildHosts, hostWithVms } from "./hosts.ts";
import { inTurns, mvdoctor, type Subject } from "./measure.ts";
import { NOW } from "./commands.ts";
import { systemdWithUnits } from "./running-units.ts";
import { atMostOf, type Effort, seconds, type Section, times } from "./section.ts";

const VMS = 300;
const MOST_OF_BOTH = 3;

export const listing = async ({ runs }: Effort): Promise<Section | string> => {
  if (!canBuildHosts()) return "The host with many VMs was not measured: only root can build it.";
  const root = await hostWithVms(VMS);
  const own: Subject = {
    name: "mvdoctor list",
    ...mvdoctor("list", "--root", root, "--json", ...NOW),
  };
  const journal = join(root, "var/log/journal");
  const entries: Subject = {
    name: "journalctl -o json, everything",
    argv: ["journalctl", "--no-pager", "-D", journal, "-o", "json"],
  };
  const systemd = await systemdWithUnits(VMS);
  try {
    const units: Subject = {
      name: "systemctl list-units 'microvm@*'",
      argv: [...INTO, systemd.leader, "systemctl", "--no-pager", "list-units", "microvm@*"],
    };
    const costs = await inTurns([own, units, entries], runs);
    const [unitsCost, entriesCost] = [costs(units.name), costs(entries.name)];
    const both = {
      seconds: unitsCost.seconds + entriesCost.seconds,
      cpuSeconds: unitsCost.cpuSeconds + entriesCost.cpuSeconds,
    };
    return {
      title: `mvdoctor list, ${VMS} VMs`,
      text: `Of a tree for \`--root\`, with a journal of some 20,000 entries. \`systemctl\` asks a systemd that runs as many units.`,
      head: ["command", "wall", "processor", "wall, of both others"],
      rows: [own, units, entries].map(({ name }) => [
        name,
        seconds(costs(name).seconds),
        seconds(costs(name).cpuSeconds),
        times(costs(name).seconds / both.seconds),
      ]),
      goals: [
        atMostOf(
          `list of ${VMS} VMs, of systemctl and one journalctl`,
          costs(own.name),
          both,
          MOST_OF_BOTH,
        ),
      ],
    };
  } finally {
    await systemd.stop();
  }
};

/** Runs a program in the namespaces of a systemd. */
const INTO = ["nsenter", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--target"] as const;
