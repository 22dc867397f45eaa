import type { HostIdentity } from "../evidence/host-identity.ts";
import type { PathComponent, PathWalk } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";

/** Who reads: numeric ids, as the kernel compares them. */
export interface Reader {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: ReadonlySet<number>;
}

export type Access =
  | { readonly status: "allowed" }
  | { readonly status: "denied"; readonly at: PathComponent; readonly need: "read" | "traverse" }
  | { readonly status: "unknown"; readonly why: string };

const READ = 4;
const TRAVERSE = 1;

/**
 * The identity that the runner has: the unit's User=, Group= and SupplementaryGroups=, and the groups that list the user.
 * `undefined` where the accounts are unknown. A unit without User= runs as root.
 */
export const runnerReader = (unit: VmUnit, identity: HostIdentity): Reader | undefined => {
  const user = unit.user?.value ?? "root";
  const account = /^\d+$/u.test(user)
    ? { name: user, uid: Number(user), gid: Number(user) }
    : (identity.users.get(user) ?? (user === "root" ? { name: user, uid: 0, gid: 0 } : undefined));
  if (account === undefined) return undefined;
  const groupId = (name: string): number | undefined =>
    /^\d+$/u.test(name) ? Number(name) : identity.groups.get(name)?.gid;
  const gid = unit.group === undefined ? account.gid : groupId(unit.group.value);
  if (gid === undefined) return undefined;
  const listed = [...identity.groups.values()]
    .filter(({ members }) => members.includes(account.name))
    .map((group) => group.gid);
  const extra = unit.supplementaryGroups.flatMap(({ value }) => groupId(value) ?? []);
  return {
    name: account.name,
    uid: account.uid,
    gid,
    groups: new Set([gid, account.gid, ...listed, ...extra]),
  };
};

/** The identity behind a user id that journald saw, with the groups that the accounts of the host give it. */
export const readerOfUid = (uid: number, identity: HostIdentity | undefined): Reader => {
  const account = [...(identity?.users.values() ?? [])].find((one) => one.uid === uid);
  const name = account?.name ?? `uid ${uid}`;
  const gid = account?.gid ?? uid;
  const listed = [...(identity?.groups.values() ?? [])]
    .filter(({ members }) => members.includes(name))
    .map((group) => group.gid);
  return { name, uid, gid, groups: new Set([gid, ...listed]) };
};

/** Whether `reader` could open the walked file for reading: path_resolution(7) and acl(5), for a process without capabilities. */
export const accessTo = (walk: PathWalk, reader: Reader): Access => {
  if (walk.end === "denied")
    return { status: "unknown", why: `${walk.stopped ?? walk.path} could not be looked at` };
  for (const component of walk.components) {
    const isFile = component === walk.components.at(-1) && walk.end === "present";
    if (component.stat.type === "symlink" || reader.uid === 0) continue;
    if (isFile) {
      if (!permits(component, reader, READ))
        return { status: "denied", at: component, need: "read" };
    } else if (!permits(component, reader, TRAVERSE)) {
      return { status: "denied", at: component, need: "traverse" };
    }
  }
  return walk.end === "present"
    ? { status: "allowed" }
    : { status: "unknown", why: `${walk.stopped ?? walk.path} does not exist` };
};

/**
 * The algorithm of acl(5), "ACCESS CHECK ALGORITHM"; without an ACL it is the mode's. Linux looks into an ACL only where the
 * group's bits of the mode, which show the mask, are not all zero (fs/namei.c, acl_permission_check).
 */
const permits = ({ stat, acl: written }: PathComponent, reader: Reader, need: number): boolean => {
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
