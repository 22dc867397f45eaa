import { endedStream } from "./ended-stream.ts";
import { join } from "node:path";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { fileTree } from "./file-tree.ts";
import type { Host } from "./host.ts";
import { withJournal } from "./journal-reader.ts";
import { JOURNAL_DIRECTORIES, sourcesIn } from "./journal-sources.ts";
import { localFiles } from "./local-files.ts";
import { localJournal } from "./local-journal.ts";
import { openHost } from "./open-host.ts";
import { localPrograms } from "./process.ts";

/**
 * The host on a mounted disk, with the journal of its own machine. `journalctl --root` reads the journals of all machine ids below
 * /var/log/journal as one, and what was received of others too (systemd 252): on a disk that was cloned or installed anew those are other
 * hosts' stories. The disk's /etc/machine-id says which is its own; where others are left out, the answers' stderr names them.
 *
 * @param root without symlinks
 */
export const openDisk = async (root: string, seconds?: number): Promise<Host> => {
  const disk = fileTree(localFiles(root));
  const places: JournalPlace[] = [];
  for (const path of JOURNAL_DIRECTORIES) {
    const real = await disk.realPath(hostPath(path));
    const names = await disk.list(hostPath(path));
    if (real.status !== "present" || names.status !== "present") continue;
    for (const name of names.value.filter((one) => OF_A_HOST.test(one))) {
      const below = await disk.realPath(hostPath(`${path}/${name}`));
      if (below.status !== "present" || !(await holdsJournals(disk, below.value))) continue;
      places.push({ name, path: `${path}/${name}`, directory: join(root, below.value) });
    }
  }
  const id = await disk.readText(hostPath("/etc/machine-id"));
  const machines = [...new Set(places.map(({ name }) => name).filter((name) => name !== REMOTE))];
  const said = id.status === "present" ? MACHINE_ID.exec(id.value.trim())?.[0] : undefined;
  if (said === undefined && machines.length > 1) {
    return withoutJournal(
      openHost(root, {}, seconds),
      `no /etc/machine-id tells which of ${machines.join(", ")} below /var/log/journal is the disk's own: name one with --directory`,
    );
  }
  const own = said ?? machines[0] ?? REMOTE;
  const mine = places.filter(({ name }) => name === own);
  const others = places.filter((place) => !mine.includes(place));
  // As journalctl finds them by itself; not where a link leads elsewhere on the disk, which it would follow out of it.
  if (others.length === 0 && mine.every(({ path, directory }) => directory === join(root, path)))
    return openHost(root, {}, seconds);
  const host = await hostWith(mine, root, seconds);
  return others.length === 0
    ? host
    : withWord(host, `${OTHERS} ${others.map(({ path }) => path).join(", ")}`);
};

/** What a receiver keeps of others (systemd-journal-remote.service(8)). */
const REMOTE = "remote";

/** How the word about journals begins that were left out: they hide nothing of this machine. */
const OTHERS = "journals of other machines are left out:";

interface JournalPlace {
  /** A machine id, or `remote`. */
  readonly name: string;
  /** On the disk. */
  readonly path: string;
  /** Here. */
  readonly directory: string;
}

const MACHINE_ID = /^[0-9a-f]{32}$/u;
const OF_A_HOST = /^(?:[0-9a-f]{32}|remote)$/u;

type Disk = Pick<Host, "list">;

const holdsJournals = async (disk: Disk, directory: HostPath): Promise<boolean> => {
  const names = await disk.list(directory);
  return names.status !== "present" || names.value.some((name) => /\.journal~?$/u.test(name));
};

/** journalctl takes one directory, or files of several. */
const hostWith = async (
  mine: readonly JournalPlace[],
  root: string,
  seconds?: number,
): Promise<Host> => {
  const [first, second] = mine;
  if (first !== undefined && second === undefined)
    return openHost(root, { directory: first.directory }, seconds);
  const { sources } = await sourcesIn(mine.map(({ directory }) => directory));
  return withJournal(
    openHost(root, {}, seconds),
    localJournal(
      async () => (await Promise.all(sources.map((source) => source.files()))).flat(),
      localPrograms(seconds),
    ),
  );
};

const withoutJournal = (host: Host, why: string): Host => {
  const end = { exitCode: null, stderr: why, failure: "not-possible" } as const;
  return withJournal(host, {
    run: async () => ({ ...end, stdout: "" }),
    stream: () => endedStream(end),
  });
};

/** The host, whose journalctl says one word more where it answers. */
const withWord = (host: Host, word: string): Host => ({
  ...host,
  async run(command) {
    const result = await host.run(command);
    return command.program === "journalctl" && result.exitCode === 0
      ? { ...result, stderr: `${result.stderr}${word}\n` }
      : result;
  },
});
