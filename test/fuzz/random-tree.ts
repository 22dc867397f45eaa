import type { FileStat, FileType } from "../../src/evidence/reference.ts";
import { fileTree } from "../../src/host/file-tree.ts";
import type { Host, Lookup } from "../../src/host/host.ts";
import { maskedHost } from "../../src/host/masked-host.ts";
import type { RawFiles } from "../../src/host/raw-files.ts";
import { hostPath, micros, type HostPath } from "../../src/vocabulary.ts";
import type { Random } from "./random.ts";

/** A host whose files are what chance makes of each path that is asked for, links into circles and out of its root among them. */
export const randomTree = (
  random: Random,
  target: string,
): { readonly host: Host; readonly paths: readonly HostPath[] } => {
  const known = new Map<string, Lookup<FileStat>>([["/", presentOf("directory")]]);
  const files: RawFiles = {
    lstat: async (path) => {
      const found = known.get(path) ?? anyStat(random, target);
      known.set(path, found);
      return found;
    },
    list: async () => ({ status: "denied" }),
    read: async () => ({ status: "denied" }),
  };
  const tree = fileTree(files);
  const host = maskedHost({
    kind: "root",
    ownJournal: false,
    origin: "/mnt",
    ...tree,
    run: async () => NOTHING,
    stream: () => ({ lines: none(), end: Promise.resolve(NOTHING) }),
  });
  return { host, paths: [anyPath(random), hostPath(`/${target}`)] };
};

const NOTHING = { exitCode: null, stdout: "", stderr: "", failure: "not-possible" } as const;

async function* none(): AsyncGenerator<Buffer> {}

const NAMES: readonly [string, ...string[]] = ["a", "b", "c", "l", "..", ".", ""];

const anyName = (random: Random): string => random.pick(NAMES);

const anyPath = (random: Random): HostPath =>
  hostPath(`/${Array.from({ length: 1 + random.below(6) }, () => anyName(random)).join("/")}`);

const anyTarget = (random: Random, target: string): string => {
  if (random.oneIn(4)) return target;
  const path = anyPath(random);
  // A name twice as long with each link that it is made of.
  if (random.oneIn(3)) return `${path}${path}`;
  return random.oneIn(2) ? path : `.${path}`;
};

const anyStat = (random: Random, target: string): Lookup<FileStat> => {
  const kind = random.below(10);
  if (kind === 0) return { status: random.pick(["absent", "denied", "loop"]) };
  const type = kind < 5 ? "symlink" : kind < 9 ? "directory" : "file";
  return type === "symlink" ? presentOf(type, anyTarget(random, target)) : presentOf(type);
};

const presentOf = (type: FileType, target?: string): Lookup<FileStat> => ({
  status: "present",
  value: {
    type,
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: micros(0),
    ctime: micros(0),
    ...(target === undefined ? {} : { target }),
  },
});
