import type { PathComponent, PathWalk } from "../evidence/secret-files.ts";
import type { FileRef, FileStat } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";

/** The kernel gives up after 40 symlinks (path_resolution(7)). */
const MOST_SYMLINKS = 40;

export const fileRef = (path: HostPath, stat: FileStat): FileRef => ({ kind: "file", path, stat });
export const absentRef = (path: HostPath): FileRef => ({ kind: "file", path, absent: true });

/** Walks a path as the kernel does and keeps the stat of each directory, symlink and file on the way. Opens nothing. */
export const walkPath = async (host: Host, path: HostPath): Promise<PathWalk> => {
  const pending = path.split("/").filter(Boolean);
  const real: string[] = [];
  const components: PathComponent[] = [];
  let symlinks = 0;
  const root = await host.lstat(hostPath("/"));
  if (root.status === "present") components.push({ path: hostPath("/"), stat: root.value });
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === ".") continue;
    if (name === "..") {
      real.pop();
      continue;
    }
    const here = hostPath(`/${[...real, name].join("/")}`);
    const found = await host.lstat(here);
    switch (found.status) {
      case "absent":
        return { path, components, end: "absent", stopped: here, ref: absentRef(here) };
      case "denied":
      case "refused":
        return {
          path,
          components,
          end: "denied",
          stopped: here,
          ref: { kind: "file", path: here },
        };
      case "loop":
        return { path, components, end: "loop", stopped: here, ref: { kind: "file", path: here } };
      case "present":
    }
    const { target } = found.value;
    components.push({
      path: here,
      stat: found.value,
      ...(target !== undefined && pending.length === 0 ? { trailing: true } : {}),
    });
    if (target === undefined) {
      real.push(name);
      continue;
    }
    symlinks += 1;
    if (symlinks > MOST_SYMLINKS)
      return { path, components, end: "loop", stopped: here, ref: fileRef(here, found.value) };
    if (target.startsWith("/")) real.length = 0;
    pending.unshift(...target.split("/").filter(Boolean));
  }
  const last = components.at(-1);
  if (last === undefined)
    return { path, components, end: "absent", stopped: path, ref: absentRef(path) };
  return { path, components, end: "present", file: last, ref: fileRef(last.path, last.stat) };
};
