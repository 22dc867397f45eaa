import { openHost } from "../../src/host/open-host.ts";
import { complaintsAbout, lookAt, questionOf } from "./fault-complaints.ts";
import { faultsOf, listened } from "./fault-list.ts";
import { withFault, type Fault } from "./faulty-host.ts";
import { rememberedHost } from "./remembered-host.ts";
import type { Scenario } from "./scenario-schema.ts";

/** The scenarios whose hosts are tried: the incident, and a healthy host of each way to a secret. */
export const FAULT_HOSTS: readonly string[] = [
  "secret-never-loaded",
  ...["agenix", "cloud-hypervisor", "direct-read", "plain", "qemu", "share"].map(
    (name) => `fixtures/hosts/${name}.yaml`,
  ),
];

export interface Tried {
  readonly count: number;
  /** Question, fault and what is wrong about the report. */
  readonly complaints: readonly string[];
}

/** Looks at the first VM of a host that was built in `root` once without a fault and once with each that `choose` takes. */
export const tryFaults = async (
  { vms, journal, host: { date } }: Scenario,
  root: string,
  choose: (faults: readonly Fault[]) => readonly Fault[],
): Promise<Tried> => {
  const [vm = ""] = vms;
  const now = /^\d{4}-/u.test(journal.until) ? journal.until : `${date} ${journal.until}`;
  const { host, paths, commands } = listened(rememberedHost(openHost(root)));
  const whole = await lookAt(host, vm, now);
  const faults = choose(faultsOf(new Set(paths), new Set(commands)));
  const complaints: string[] = [];
  for (const fault of faults) {
    const where = `${questionOf(fault)} | ${fault.fault}`;
    try {
      const got = await lookAt(withFault(host, fault), vm, now);
      complaints.push(...complaintsAbout(fault, whole, got).map((words) => `${where} | ${words}`));
    } catch (error) {
      complaints.push(`${where} | it throws ${String(error)}`);
    }
  }
  return { count: faults.length, complaints };
};
