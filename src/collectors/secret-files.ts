import { collected, type Collected } from "../evidence/evidence.ts";
import type { AccessList, PathComponent, PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { whyNoAnswer } from "./losses.ts";
import { walkPath } from "./path-walk.ts";

/** Walks every path that somebody names as a secret's, with the ACL of each component. No file is opened. */
export const collectSecretFiles = async (
  host: Host,
  paths: readonly HostPath[],
  /** What the host had by its journal's last word, where the host itself is not at hand. */
  once: ReadonlySet<HostPath> = new Set(),
): Promise<Collected<SecretFiles>> => {
  const unique = [...new Set(paths)].toSorted();
  const isRunning = await hasRun(host);
  const walks = await Promise.all(
    unique.map(async (path) => {
      const walk = await walkPath(host, path);
      if (walk.end !== "absent") return walk;
      if (once.has(path)) return unkept(walk, "path");
      return isRunning || !isInRun(walk.stopped ?? path) ? walk : unkept(walk, "run");
    }),
  );
  const { lists, problem } = await readAccessLists(host, walks);
  const protectedSymlinks = await readProtectedSymlinks(host);
  return collected({
    walks: new Map(walks.map((walk) => [walk.path, withAccessLists(walk, lists)])),
    aclsRead: problem === undefined,
    ...(problem === undefined ? {} : { aclProblem: problem }),
    ...(protectedSymlinks === undefined ? {} : { protectedSymlinks }),
  });
};

/** Something lies below /run: a disk that is looked at while its system is down has nothing there. */
export const hasRun = async (host: Host): Promise<boolean> => {
  const names = await host.list(hostPath("/run"));
  return names.status !== "absent" && !(names.status === "present" && names.value.length === 0);
};

const isInRun = (path: HostPath): boolean => path === "/run" || path.startsWith("/run/");

const unkept = (walk: PathWalk, why: "run" | "path"): PathWalk => ({
  ...walk,
  end: "denied",
  notKept: why,
  ref: { kind: "file", path: walk.stopped ?? walk.path },
});

/** proc_sys_fs(5): the value of the kernel that runs; a tree has none. */
const readProtectedSymlinks = async (host: Host): Promise<boolean | undefined> => {
  const found = await host.readText(hostPath("/proc/sys/fs/protected_symlinks"));
  return found.status === "present" && /^[01]\s*$/u.test(found.value)
    ? found.value.startsWith("1")
    : undefined;
};

const withAccessLists = (walk: PathWalk, lists: ReadonlyMap<string, AccessList>): PathWalk => {
  const add = (component: PathComponent): PathComponent => {
    const acl = lists.get(component.path);
    return acl === undefined ? component : { ...component, acl };
  };
  const file = walk.file === undefined ? undefined : add(walk.file);
  const acl = file?.acl;
  return {
    ...walk,
    components: walk.components.map(add),
    ...(file === undefined ? {} : { file }),
    ref: acl === undefined ? walk.ref : { ...walk.ref, acl: shortForm(acl) },
  };
};

/** Asks once for all components; symlinks have no ACL of their own. */
const readAccessLists = async (
  host: Host,
  walks: readonly PathWalk[],
): Promise<{ readonly lists: ReadonlyMap<string, AccessList>; readonly problem?: string }> => {
  const paths = new Set(
    walks.flatMap(({ components }) =>
      components.filter(({ stat }) => stat.type !== "symlink").map(({ path }) => path),
    ),
  );
  if (paths.size === 0) return { lists: new Map() };
  const result = await host.run({
    program: "getfacl",
    args: ["--numeric", "--absolute-names", "--physical", "--", ...[...paths].toSorted()],
  });
  const { lists, asked } = parseAccessLists(result.stdout);
  if (result.failure !== undefined || result.exitCode === null)
    return { lists, problem: whyNoAnswer("getfacl", result) };
  const missing = [...paths].toSorted().find((path) => !asked.has(path));
  if (missing === undefined) return { lists };
  return {
    lists,
    problem:
      result.exitCode === 0 ? `getfacl said nothing of ${missing}` : whyNoAnswer("getfacl", result),
  };
};

/**
 * getfacl(1): blocks that begin with `# file:`; only entries beyond the mode make a list worth keeping.
 *
 * @internal
 */
export const parseAccessLists = (
  output: string,
): { readonly lists: ReadonlyMap<string, AccessList>; readonly asked: ReadonlySet<string> } => {
  const lists = new Map<string, AccessList>();
  const asked = new Set<string>();
  for (const block of output.split(/\n\n+/u)) {
    const path = unescaped(/^# file: (?<path>.+)$/mu.exec(block)?.groups?.["path"] ?? "");
    if (!path.startsWith("/")) continue;
    // The last entry of a list; without it the block was cut.
    if (/^other:/mu.test(block)) asked.add(hostPath(path));
    const users = new Map<number, number>();
    const groups = new Map<number, number>();
    let owningGroup = 0;
    let mask: number | undefined;
    for (const line of block.split("\n")) {
      const entry = /^(?<kind>user|group|mask):(?<id>\d*):(?<permissions>[r-][w-][xXst-])/u.exec(
        line,
      )?.groups;
      if (entry === undefined) continue;
      const bits = permissionBits(entry["permissions"] ?? "");
      if (entry["kind"] === "mask") mask = bits;
      else if (entry["id"] === "") {
        if (entry["kind"] === "group") owningGroup = bits;
      } else (entry["kind"] === "user" ? users : groups).set(Number(entry["id"]), bits);
    }
    // A mask alone changes what the group may, too: the mode then shows the mask in the group's place.
    if (users.size > 0 || groups.size > 0 || mask !== undefined) {
      lists.set(hostPath(path), {
        users,
        groups,
        owningGroup,
        ...(mask === undefined ? {} : { mask }),
      });
    }
  }
  return { lists, asked };
};

const permissionBits = (text: string): number =>
  (text.startsWith("r") ? 4 : 0) |
  (text[1] === "w" ? 2 : 0) |
  (/[xst]/u.test(text[2] ?? "") ? 1 : 0);

/** getfacl writes odd bytes of a name as `\ooo`; several of them make one character. */
const unescaped = (path: string): string =>
  path.replace(/(?:\\[0-3][0-7]{2})+/gu, (run) =>
    Buffer.from(
      run
        .slice(1)
        .split("\\")
        .map((octal) => Number.parseInt(octal, 8)),
    ).toString("utf8"),
  );

const shortForm = ({ users, groups, mask }: AccessList): string =>
  [
    ...[...users].map(([uid, bits]) => `u:${uid}:${letters(bits)}`),
    ...[...groups].map(([gid, bits]) => `g:${gid}:${letters(bits)}`),
    ...(mask === undefined ? [] : [`m::${letters(mask)}`]),
  ].join(",");

const letters = (bits: number): string =>
  `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${bits & 1 ? "x" : "-"}`;
