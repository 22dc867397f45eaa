import { buildHostTree, loadScenario } from "./host-tree.ts";

const [name, dir, ...rest] = process.argv.slice(2);
if (name === undefined || dir === undefined || rest.length > 0) {
  console.error("usage: node test/support/build-host-tree.ts SCENARIO DIR");
  process.exitCode = 2;
} else {
  await buildHostTree(await loadScenario(name), dir);
}
