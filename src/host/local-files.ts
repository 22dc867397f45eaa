import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readdir, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { FileStat, FileType } from "../evidence/reference.ts";
import { nearestMicros } from "../vocabulary.ts";
import type { Lookup } from "./host.ts";
import { MOST_TEXT_BYTES, type RawFiles } from "./raw-files.ts";

/** The file system of this machine below `root`. */
export const localFiles = (root: string): RawFiles => {
  const physical = (path: string): string => (root === "/" ? path : join(root, path));
  const realRoot = realpath(root).catch(() => root);
  return {
    lstat: (path) =>
      lookup(async () => {
        const stat = await lstat(physical(path), { bigint: true });
        return fileStat(stat, stat.isSymbolicLink() ? await readlink(physical(path)) : undefined);
      }),
    list: (path) => lookup(() => readdir(physical(path))),
    read: (path, size) =>
      lookup(async () => firstBytes(physical(path), join(await realRoot, path), size)),
  };
};

/** Files of /proc have no size; a file that grows meanwhile is read as far as it went. */
const LEAST_TEXT_BYTES = 4096;

/** The beginning of a file that is opened as `path`, unless it turns out to lie elsewhere than at `real`. */
const firstBytes = async (path: string, real: string, size: number): Promise<string> => {
  await using file = await open(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  // Between lstat(2) and open(2) a directory on the way may have become a symlink.
  if ((await readlink(`/proc/self/fd/${file.fd}`)) !== real)
    throw new Error("it was exchanged while it was looked at");
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
  mtime: nearestMicros(Number(stat.mtimeNs / 1000n)),
  ctime: nearestMicros(Number(stat.ctimeNs / 1000n)),
  ...(stat.birthtimeNs > 0n ? { birth: nearestMicros(Number(stat.birthtimeNs / 1000n)) } : {}),
  ...(stat.isFile() && stat.nlink > 1n ? { links: Number(stat.nlink) } : {}),
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
