import type { PathComponent, PathWalk } from "../evidence/secret-files.ts";
import type { FileRef, FileStat } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { pathSteps } from "../host/path-steps.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";

/** The kernel gives up after 40 symlinks (path_resolution(7)). */
const MOST_SYMLINKS = 40;

export const fileRef = (path: HostPath, stat: FileStat): FileRef => ({ kind: "file", path, stat });
export const absentRef = (path: HostPath): FileRef => ({ kind: "file", path, absent: true });

/** Walks a path as the kernel does and keeps the stat of each directory, symlink and file on the way. Opens nothing. */
export const walkPath = async (host: Host, path: HostPath): Promise<PathWalk> => {
  const pending = [...pathSteps(path)];
  const real: string[] = [];
  const components: PathComponent[] = [];
  let symlinks = 0;
  const root = await host.lstat(hostPath("/"));
  if (root.status === "present") components.push({ path: hostPath("/"), stat: root.value });
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === "." || name === "") continue;
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
          ...(found.status === "refused" ? { why: found.reason } : {}),
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
      ...(target !== undefined && pending.every((step) => step === "") ? { trailing: true } : {}),
    });
    if (target === undefined) {
      const isAsked = pending[0] === "" || pending[0] === "." || pending[0] === "..";
      // Of any other step below it the host says itself that it is not there.
      if (isAsked && found.value.type !== "directory")
        return { path, components, end: "absent", stopped: here, ref: fileRef(here, found.value) };
      real.push(name);
      continue;
    }
    symlinks += 1;
    if (symlinks > MOST_SYMLINKS)
      return { path, components, end: "loop", stopped: here, ref: fileRef(here, found.value) };
    if (target.startsWith("/")) real.length = 0;
    pending.unshift(...pathSteps(target));
  }
  const end = hostPath(`/${real.join("/")}`);
  const passed = components.findLast((component) => component.path === end);
  // `..`, and a link to the root, end at a directory that was passed before.
  if (passed !== undefined && passed !== components.at(-1)) components.push(passed);
  const last = components.at(-1);
  if (last === undefined)
    return { path, components, end: "absent", stopped: path, ref: absentRef(path) };
  return { path, components, end: "present", file: last, ref: fileRef(last.path, last.stat) };
};
