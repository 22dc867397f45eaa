import type { FileStat } from "../evidence/reference.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import type { Host, Lookup } from "./host.ts";
import { pathSteps } from "./path-steps.ts";
import type { RawFiles } from "./raw-files.ts";
import { whyNotPublic } from "./readable.ts";

/** As the kernel does (path_resolution(7)): more symlinks than this in one path are a loop. */
const MOST_SYMLINKS = 40;

type FileAccess = Pick<Host, "lstat" | "list" | "readText">;

/**
 * Resolves paths inside of one file system: an absolute symlink leads back to its root, and `..` never leaves it. Opens what may be
 * opened and nothing else. What was looked up once is remembered, so that one run sees one state.
 */
export const fileTree = (
  files: RawFiles,
): FileAccess & { realPath(path: HostPath): Promise<Lookup<HostPath>> } => {
  const remembered = new Map<string, Promise<Lookup<FileStat>>>();

  const statOf = (real: HostPath): Promise<Lookup<FileStat>> => {
    const known = remembered.get(real);
    if (known) return known;
    const fresh = files.lstat(real);
    remembered.set(real, fresh);
    return fresh;
  };

  /** Resolves symlinks component by component; the last one only where `follow` says so. */
  const resolve = async (path: HostPath, follow: boolean): Promise<Lookup<HostPath>> => {
    const pending = [...pathSteps(path)];
    const real: string[] = [];
    let symlinks = 0;
    const expectRest = (): void => files.expect?.(hostPath(`/${[...real, ...pending].join("/")}`));
    expectRest();
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
      const stat = await statOf(hostPath(`/${[...real, name].join("/")}`));
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
      expectRest();
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
      const names = await files.list(real.value);
      return names.status === "present"
        ? { status: "present", value: names.value.toSorted() }
        : names;
    },
    async readText(path) {
      const real = await realPath(path);
      if (real.status !== "present") return real;
      const stat = await statOf(real.value);
      if (stat.status !== "present") return stat;
      const reason = whyNotPublic(real.value, stat.value);
      if (reason !== undefined) return { status: "refused", reason };
      return files.read(real.value, stat.value.size);
    },
  };
};
