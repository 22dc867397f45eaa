import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadScenarioCases } from "./scenario-file.ts";
import { buildScenario, openScenario, pageOf } from "./scenario-run.ts";

/** Builds the host of a scenario, leaves it there to be looked at, and prints the report. */
const [subject, name, ...rest] = process.argv.slice(2);
const known = await loadScenarioCases();
const [wanted, ...more] = known.filter(
  (one) => one.subject === subject && (name === undefined || one.name === name),
);
if (wanted === undefined || rest.length > 0) {
  console.error('usage: node test/support/show-scenario.ts RULE ["NAME OF THE SCENARIO"]');
  process.exitCode = 2;
} else if (more.length > 0) {
  for (const one of [wanted, ...more]) console.log(one.name);
} else {
  const root = join(await mkdtemp(join(tmpdir(), "mvdoctor-shown-")), "host");
  const host = await buildScenario(wanted, root);
  const { page, exit } = await pageOf(wanted, host, openScenario(wanted, root), "text");
  console.log(`${page}\nexit ${exit}; the tree is in ${root}`);
}
