import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildHostTree, loadScenario } from "./host-tree.ts";
import { FAULT_HOSTS, tryFaults } from "./try-faults.ts";

/** Every fault of every question on every host: what `npm run faults` tells. Needs root, as building a host does. */
const scratch = await mkdtemp(join(tmpdir(), "mvdoctor-faults-"));
try {
  for (const [index, name] of FAULT_HOSTS.entries()) {
    const began = performance.now();
    const scenario = await loadScenario(name);
    const root = join(scratch, String(index));
    await buildHostTree(scenario, root);
    const { count, complaints } = await tryFaults(scenario, root, (faults) => faults);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${name}: ${count} faults in ${seconds} s, ${complaints.length} complaints`);
    for (const complaint of complaints) console.log(`  ${complaint}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
