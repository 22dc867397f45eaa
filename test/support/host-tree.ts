import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { fillCanaries } from "./canary.ts";
import { createTree, stampTree, type TreeNode, withParents } from "./file-tree.ts";
import { generationNodes } from "./generations.ts";
import { hostFiles, type Translation } from "./host-files.ts";
import { journalEntries } from "./journal-entries.ts";
import { exportText, writeJournal } from "./journal-export.ts";
import { clockOf } from "./local-time.ts";
import { loadNixDatabase, nixStateNodes, storeNodes } from "./nix-store.ts";
import { withPlantedFields, withPlantedFiles } from "./planted-canaries.ts";
import type { Scenario } from "./scenario-schema.ts";
import { planStore } from "./store-plan.ts";

export { loadScenario } from "./scenario.ts";
export type { Scenario } from "./scenario-schema.ts";

interface BuildOptions {
  /** Half a second: without it, what asks the store for references finds it unavailable. */
  readonly nixDatabase?: boolean;
  /** Values in units, scripts and fields of the journal, beside those that the scenario has. */
  readonly canaries?: boolean;
  /** More than one: a journal that was rotated. */
  readonly journalFiles?: number;
}

/**
 * Builds the file system of the scenario's host under `dir`, which must be empty or not there. Needs root.
 *
 * A scenario is a YAML file with
 * - `host`, `users`, `groups`: names and ids; all times are written `00:41:39.120` and read in the host's zone on its date;
 * - `files`: a path (a directory's ends in `/`) to `-> target` or to one of `text`, `link`, `socket`, `canary` with `size` (a
 *   stand-in for a secret), with `mode`, `owner`, `mtime`, `acl`;
 * - `store`: store objects by a key of the scenario's own, which `${store:KEY}` names in any other text. An object is a
 *   `text`, or a directory of `programs` (stubs) and a `tree` of texts, links and copies of files of this machine; `like`
 *   starts from another object. What an object names, it references. The path's hash comes from the key unless `hash`
 *   gives it. `${vm}` in a key makes one object per entry of `vms`;
 * - `generations`: number to `time` and `toplevel`, a key of the store;
 * - `journal`: `senders` with the facts of a process, and `events`: what happened to a unit (`event: starting`), what
 *   a process said (`line`, `lines`), `sudo`, a raw `entry`, a `loop` or a `heartbeat` of them. A loop without a `round`
 *   is one of a runner that says `line` and ends with `status`, or that systemd cannot spawn at a `step`.
 *   `${canary:NAME:SIZE}` is a stand-in where a real journal, too, holds the secret.
 *
 * A variant `extends` a scenario with `changes`, of which applyChanges in scenario-changes.ts says what they do.
 */
export const buildHostTree = async (
  scenario: Scenario,
  dir: string,
  { nixDatabase = true, journalFiles = 1, canaries = false }: BuildOptions = {},
): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new Error("only root can build a host tree: its files have many owners");
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length > 0) throw new Error(`${dir} is not empty`);

  const { host } = scenario;
  const clock = clockOf(host);
  const { objects, fill } = planStore(scenario);
  const translation = { clock, fill: (text: string) => fillCanaries(fill(text)) };
  const booted = clock(host.booted);
  const files = hostFiles(scenario, translation);
  const told = [
    directory("/", 0o755, 0, booted),
    directory("/nix/store", 0o1775, scenario.groups["nixbld"]?.gid ?? 0, booted),
    ...nixStateNodes(booted),
    ...storeNodes(objects),
    ...generationNodes(scenario, translation),
    ...files,
  ];
  const nodes = canaries ? withPlantedFiles(told) : told;

  await createTree(withParents(nodes, booted), dir);
  if (nixDatabase) await loadNixDatabase(objects, dir, clock);
  const said = journalEntries(scenario, translation);
  const entries = canaries ? withPlantedFields(said) : said;
  const journals = journalNodes(scenario, clock, journalFiles);
  const share = Math.ceil(entries.length / journals.length);
  for (const [index, { path }] of journals.entries()) {
    const part = exportText(entries.slice(index * share, (index + 1) * share), booted);
    await writeJournal(join(dir, path), part, host.machineId, index);
  }
  // Last of all: as root, nix-store takes the store over, and every new file moves the mtime of its directory.
  const directories = journals
    .slice(-1)
    .map(({ path, gid, mtime }) => directory(dirname(path), 0o2755, gid, mtime));
  await stampTree(withParents([...nodes, ...directories, ...journals], booted), dir);
};

const directory = (path: string, mode: number, gid: number, mtime: number): TreeNode => ({
  path,
  content: { kind: "directory" },
  mode,
  uid: 0,
  gid,
  mtime,
});

/** The journal as one file, or as rotated ones with the newest last. */
const journalNodes = (
  { host, groups, journal }: Scenario,
  clock: Translation["clock"],
  count: number,
): readonly TreeNode[] =>
  Array.from({ length: count }, (_, index) => ({
    path: `/var/log/journal/${host.machineId}/system${index === count - 1 ? "" : `@${index}`}.journal`,
    content: { kind: "file", bytes: Buffer.alloc(0) },
    mode: 0o640,
    uid: 0,
    gid: groups["systemd-journal"]?.gid ?? 0,
    mtime: clock(journal.until),
  }));
