import { collectHostJournal } from "../../src/collectors/host-journal.ts";
import { collectIdentity } from "../../src/collectors/identity.ts";
import { collectKernelLog } from "../../src/collectors/kernel-log.ts";
import { collectPlatform } from "../../src/collectors/platform.ts";
import { collectSourceCopies } from "../../src/collectors/source-copies.ts";
import { collectStateRoot } from "../../src/collectors/unit.ts";
import { findVms } from "../../src/collectors/vms.ts";
import { collectVm, type VmEvidence } from "../../src/diagnosis/collect.ts";
import { openBundle } from "../../src/host/bundle/open-bundle.ts";
import { readBoots } from "../../src/journal/boots.ts";

/** The evidence of every VM of a recorded host, as the rules get it. */
export const recordedEvidence = async (file: string): Promise<readonly VmEvidence[]> => {
  const opened = await openBundle(file);
  if (opened.status !== "opened") throw new Error(opened.why);
  const [host] = opened.hosts;
  if (host === undefined) throw new Error(`${file} holds no host`);
  const stateRoot = await collectStateRoot(host);
  const journal = await collectHostJournal(host, {}, await readBoots(host));
  const identity = await collectIdentity(host, journal.journal);
  const platform = await collectPlatform(host);
  const kernelLog = await collectKernelLog(host, {});
  const sourceCopies = await collectSourceCopies(host);
  const shared = { stateRoot, identity, journal, platform, kernelLog, sourceCopies };
  const found: VmEvidence[] = [];
  for (const vm of (await findVms(host, stateRoot)).names) {
    found.push(await collectVm(host, vm, shared, {}));
  }
  return found;
};
