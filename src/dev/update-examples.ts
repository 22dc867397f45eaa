import { execa } from "execa";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Builds the incident anew, records it, and writes the examples in docs/ from the recording. Read the diff before you commit it. */
const STORY = "secret-never-loaded";
const NOW = ["--now", "2025-09-27 01:52:00"];
const scratch = await mkdtemp(join(tmpdir(), "mvdoctor-examples-"));
const run = (...command: readonly [string, ...string[]]) => {
  const [file, ...args] = command;
  return execa(file, args, { stdio: "inherit", preferLocal: true });
};
try {
  const tree = join(scratch, "host");
  await run("node", "test/support/build-host-tree.ts", STORY, tree);
  const bundle = `fixtures/incidents/${STORY}/evidence.mvb`;
  await run("node", "dist/bin.js", "collect", "--root", tree, "--output-file", bundle, ...NOW);
  await run("vitest", "run", "test/report", "--update");
} finally {
  await rm(scratch, { recursive: true, force: true });
}
