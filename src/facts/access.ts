import type { FileStat } from "../evidence/reference.ts";
import type { PathComponent, PathWalk } from "../evidence/secret-files.ts";

/** Who reads: numeric ids, as the kernel compares them, and what lets a process past the modes. */
export interface Reader {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups that count, `gid` among them. */
  readonly groups: ReadonlySet<number>;
  readonly capabilities: ReadonlySet<Capability>;
  /** The ids that the reader's user namespace knows; absent in the host's own, which knows all. */
  readonly mapped?: MappedIds;
}

/** capabilities(7): the two that matter when a file is opened for reading. */
export const READ_CAPABILITIES = ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"] as const;
export type Capability = (typeof READ_CAPABILITIES)[number];

export interface MappedIds {
  readonly uids: (uid: number) => boolean;
  readonly gids: (gid: number) => boolean;
}

/**
 * `read`: the file itself may not be read. `traverse`: a directory may not be passed. `follow`: a symlink in a sticky directory that
 * everybody may write to belongs to somebody else, and the kernel does not follow it (proc_sys_fs(5), protected_symlinks).
 */
export type Need = "read" | "traverse" | "follow";

export type Access =
  | { readonly status: "allowed" }
  | { readonly status: "denied"; readonly at: PathComponent; readonly need: Need }
  | { readonly status: "unknown"; readonly why: string };

const READ = 4;
const TRAVERSE = 1;
/** S_ISVTX and S_IWOTH: a sticky directory that everybody may write to. */
const STICKY_FOR_ALL = 0o1002;

/**
 * What decides beyond the files: `fs.protected_symlinks`, `undefined` where it could not be read (systemd turns it on, sysctl.d(5)).
 */
export interface KernelSettings {
  readonly protectedSymlinks?: boolean;
  /** `false`: an ACL may be there unseen. */
  readonly aclsRead?: boolean;
}

/**
 * Whether `reader` could open the walked file for reading, by the kernel's own steps: path_resolution(7), acl(5) and capabilities(7);
 * fs/namei.c (link_path_walk, may_follow_link, generic_permission) and fs/posix_acl.c of Linux 6.12. The first component that refuses is
 * the one that an open(2) would fail at.
 */
export const accessTo = (
  walk: PathWalk,
  reader: Reader,
  { protectedSymlinks, aclsRead = true }: KernelSettings = {},
): Access => {
  for (const [index, component] of walk.components.entries()) {
    const isLast = index === walk.components.length - 1;
    if (component.stat.type === "symlink") {
      if (protectedSymlinks === false || mayFollow(component, walk, reader)) continue;
      return protectedSymlinks === true
        ? { status: "denied", at: component, need: "follow" }
        : {
            status: "unknown",
            why: `whether the kernel follows ${component.path} out of its sticky directory is not known`,
          };
    }
    const need = isLast && walk.end === "present" ? "read" : "traverse";
    // Below anything else than a directory there is nothing, and the kernel says so before it asks for rights.
    if (need === "traverse" && component.stat.type !== "directory") break;
    const bit = need === "read" ? READ : TRAVERSE;
    if (permits(component, reader, bit)) continue;
    if (!aclsRead && mayBeListed(component, reader, bit))
      return {
        status: "unknown",
        why: `whether an ACL of ${component.path} lists ${reader.name} is not known`,
      };
    return { status: "denied", at: component, need };
  }
  switch (walk.end) {
    case "present":
      return { status: "allowed" };
    case "absent":
      return { status: "unknown", why: `${walk.stopped ?? walk.path} does not exist` };
    case "denied":
      return { status: "unknown", why: `${walk.stopped ?? walk.path} could not be looked at` };
    case "loop":
      return { status: "unknown", why: `${walk.stopped ?? walk.path} leads in a circle` };
  }
};

/** Only the last symlink of a path is protected, and only in a sticky directory for all; no capability helps. */
const mayFollow = (
  { path, stat, trailing }: PathComponent,
  walk: PathWalk,
  reader: Reader,
): boolean => {
  if (trailing !== true || stat.uid === reader.uid) return true;
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  const directory = walk.components.find((one) => one.path === parent)?.stat;
  if (directory === undefined) return true;
  return (directory.mode & STICKY_FOR_ALL) !== STICKY_FOR_ALL || directory.uid === stat.uid;
};

/** Either capability lets a process read a file and pass a directory, where its namespace knows both owners. */
const isCapable = ({ capabilities, mapped }: Reader, { uid, gid }: FileStat): boolean =>
  capabilities.size > 0 && (mapped === undefined || (mapped.uids(uid) && mapped.gids(gid)));

/** An unseen ACL may let somebody in only as far as its mask goes, which the group's bits of the mode show (acl(5)). */
const mayBeListed = ({ stat, acl }: PathComponent, reader: Reader, need: number): boolean =>
  acl === undefined && reader.uid !== stat.uid && ((stat.mode >> 3) & need) === need;

const permits = (component: PathComponent, reader: Reader, need: number): boolean =>
  modePermits(component, reader, need) || isCapable(reader, component.stat);

/**
 * The algorithm of acl(5), "ACCESS CHECK ALGORITHM"; without an ACL it is the mode's. Linux looks into an ACL only where the
 * group's bits of the mode, which show the mask, are not all zero (fs/namei.c, acl_permission_check).
 */
const modePermits = (
  { stat, acl: written }: PathComponent,
  reader: Reader,
  need: number,
): boolean => {
  if (reader.uid === stat.uid) return ((stat.mode >> 6) & need) === need;
  const groupBits = (stat.mode >> 3) & 7;
  const acl = groupBits === 0 ? undefined : written;
  const mask = acl?.mask ?? 7;
  const named = acl?.users.get(reader.uid);
  if (named !== undefined) return (named & mask & need) === need;
  const groups = [
    ...(reader.groups.has(stat.gid)
      ? [acl === undefined ? groupBits : acl.owningGroup & mask]
      : []),
    ...[...(acl?.groups ?? [])]
      .filter(([gid]) => reader.groups.has(gid))
      .map(([, bits]) => bits & mask),
  ];
  if (groups.length > 0) return groups.some((bits) => (bits & need) === need);
  return (stat.mode & need) === need;
};
