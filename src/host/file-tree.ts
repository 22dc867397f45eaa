import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { FileStat, FileType } from "../evidence/reference.ts";
import { hostPath, micros, type HostPath } from "../vocabulary.ts";
import type { Host, Lookup } from "./host.ts";
import { pathSteps } from "./path-steps.ts";
import { mask } from "./redaction.ts";
import { whyNotPublic } from "./readable.ts";

/** As the kernel does (path_resolution(7)): more symlinks than this in one path are a loop. */
const MOST_SYMLINKS = 40;
const MOST_TEXT_BYTES = 1024 * 1024;

type FileAccess = Pick<Host, "lstat" | "list" | "readText">;

/**
 * Reads the file system below `root` as if it were `/`: an absolute symlink leads back into `root`, and `..` never leaves it.
 * What was looked up once is remembered, so that one run sees one state.
 */
export const fileTree = (
  root: string,
): FileAccess & { realPath(path: HostPath): Promise<Lookup<HostPath>> } => {
  const remembered = new Map<string, Promise<Lookup<FileStat>>>();
  const physical = (path: string): string => (root === "/" ? path : join(root, path));

  const statOf = (real: string): Promise<Lookup<FileStat>> => {
    const known = remembered.get(real);
    if (known) return known;
    const fresh = lookup(async () => {
      const stat = await lstat(physical(real), { bigint: true });
      return fileStat(stat, stat.isSymbolicLink() ? await readlink(physical(real)) : undefined);
    });
    remembered.set(real, fresh);
    return fresh;
  };

  /** Resolves symlinks component by component; the last one only where `follow` says so. */
  const resolve = async (path: HostPath, follow: boolean): Promise<Lookup<HostPath>> => {
    const pending = [...pathSteps(path)];
    const real: string[] = [];
    let symlinks = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === "." || name === "") continue;
      if (name === "..") {
        real.pop();
        continue;
      }
      if (pending.length === 0 && !follow) {
        real.push(name);
        break;
      }
      const stat = await statOf(`/${[...real, name].join("/")}`);
      if (stat.status !== "present") return stat;
      const { target } = stat.value;
      if (target === undefined) {
        if (pending.length > 0 && stat.value.type !== "directory") return { status: "absent" };
        real.push(name);
        continue;
      }
      symlinks += 1;
      if (symlinks > MOST_SYMLINKS) return { status: "loop" };
      if (target.startsWith("/")) real.length = 0;
      pending.unshift(...pathSteps(target));
    }
    return { status: "present", value: hostPath(`/${real.join("/")}`) };
  };

  const realPath = (path: HostPath): Promise<Lookup<HostPath>> => resolve(path, true);

  return {
    realPath,
    async lstat(path) {
      const real = await resolve(path, false);
      return real.status === "present" ? statOf(real.value) : real;
    },
    async list(path) {
      const real = await realPath(path);
      if (real.status !== "present") return real;
      return lookup(async () => (await readdir(physical(real.value))).toSorted());
    },
    async readText(path) {
      const real = await realPath(path);
      if (real.status !== "present") return real;
      const stat = await statOf(real.value);
      if (stat.status !== "present") return stat;
      const reason = whyNotPublic(real.value, stat.value);
      if (reason !== undefined) return { status: "refused", reason };
      const { size } = stat.value;
      return lookup(async () => mask(await firstBytes(physical(real.value), size), "file"));
    },
  };
};

/** Files of /proc have no size; a file that grows meanwhile is read as far as it went. */
const LEAST_TEXT_BYTES = 4096;

const firstBytes = async (path: string, size: number): Promise<string> => {
  await using file = await open(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  const { buffer, bytesRead } = await file.read({
    buffer: Buffer.alloc(Math.min(Math.max(size, LEAST_TEXT_BYTES), MOST_TEXT_BYTES)),
    position: 0,
  });
  return buffer.toString("utf8", 0, bytesRead);
};

const lookup = async <T>(read: () => Promise<T>): Promise<Lookup<T>> => {
  try {
    return { status: "present", value: await read() };
  } catch (error) {
    switch (error instanceof Error && "code" in error ? error.code : undefined) {
      case "ENOENT":
      case "ENOTDIR":
        return { status: "absent" };
      case "EACCES":
      case "EPERM":
        return { status: "denied" };
      case "ELOOP":
        return { status: "loop" };
      default:
        return {
          status: "refused",
          reason: error instanceof Error ? error.message : String(error),
        };
    }
  }
};

const fileStat = (stat: BigIntStats, target: string | undefined): FileStat => ({
  type: fileType(stat),
  mode: Number(stat.mode & 0o7777n),
  uid: Number(stat.uid),
  gid: Number(stat.gid),
  size: Number(stat.size),
  mtime: micros(Number(stat.mtimeNs / 1000n)),
  ctime: micros(Number(stat.ctimeNs / 1000n)),
  ...(stat.birthtimeNs > 0n ? { birth: micros(Number(stat.birthtimeNs / 1000n)) } : {}),
  ...(target === undefined ? {} : { target }),
});

const fileType = (stat: BigIntStats): FileType => {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isSocket()) return "socket";
  if (stat.isFIFO()) return "fifo";
  return stat.isCharacterDevice() ? "character-device" : "block-device";
};
