import type { Account, HostIdentity } from "../evidence/host-identity.ts";
import type { ServiceSettings } from "../evidence/unit.ts";
import { READ_CAPABILITIES, type MappedIds, type Reader } from "./access.ts";
import { serviceCapabilities } from "./capabilities.ts";
import { isOn, lastValue } from "./service-settings.ts";

const ROOT: Account = { name: "root", uid: 0, gid: 0 };

/**
 * The identity that a service's main process has: User=, Group= and SupplementaryGroups=, the groups that list the user, and what
 * the unit leaves of capabilities. `undefined` where the accounts are unknown. A unit without User= runs as root, and so does a
 * command with `+` or `!` in front (systemd.service(5), "COMMAND LINES").
 */
export const serviceReader = (
  service: ServiceSettings,
  identity: HostIdentity,
): Reader | undefined => {
  const prefix = commandPrefix(service);
  if (hasFullPrivileges(service)) return readerOf(ROOT, ROOT.gid, []);
  // The ids of a managed namespace are given out at the start.
  if (lastValue(service, "PrivateUsers")?.value === "managed") return undefined;
  const user = prefix.includes("!") ? undefined : service.user?.value;
  // The account of a dynamic user exists only while the service runs.
  if (user === undefined && !prefix.includes("!") && isOn(service, "DynamicUser")) return undefined;
  const account = accountOf(user ?? "root", identity);
  if (account === undefined) return undefined;
  // Whom a group lists decides for everybody but root.
  if (account.uid !== 0 && identity.unread !== undefined) return undefined;
  const groupId = (name: string): number | undefined =>
    /^\d+$/u.test(name)
      ? Number(name)
      : (identity.groups.get(name)?.gid ?? (name === "root" ? 0 : undefined));
  const group = prefix.includes("!") ? undefined : service.group?.value;
  const gid = group === undefined ? account.gid : groupId(group);
  if (gid === undefined) return undefined;
  const extra = service.supplementaryGroups.flatMap(({ value }) => groupId(value) ?? []);
  // initgroups(3) takes Group= in place of the account's own group; without User=, or with group 0, nobody calls it (src/core/exec-invoke.c).
  const listed = user === undefined || gid === 0 ? [] : groupsListing(account.name, identity);
  const reader = readerOf(account, gid, [...listed, ...extra]);
  const mapped = mappedIds(service, reader);
  return {
    ...reader,
    capabilities: serviceCapabilities(service.sandbox, account.uid),
    ...(mapped === undefined ? {} : { mapped }),
  };
};

/** The identity behind a user id that journald saw, with the groups that the accounts of the host give it. */
export const readerOfUid = (uid: number, identity: HostIdentity | undefined): Reader => {
  const account = [...(identity?.users.values() ?? [])].find((one) => one.uid === uid) ?? {
    name: uid === 0 ? "root" : `uid ${uid}`,
    uid,
    gid: uid,
  };
  const listed = identity === undefined ? [] : groupsListing(account.name, identity);
  return readerOf(account, account.gid, listed);
};

function readerOf(account: Account, gid: number, groups: readonly number[]): Reader {
  return {
    name: account.name,
    uid: account.uid,
    gid,
    groups: new Set([gid, ...groups]),
    capabilities: new Set(account.uid === 0 ? READ_CAPABILITIES : []),
  };
}

const accountOf = (user: string, identity: HostIdentity): Account | undefined => {
  if (!/^\d+$/u.test(user)) return identity.users.get(user) ?? (user === "root" ? ROOT : undefined);
  const uid = Number(user);
  return (
    [...identity.users.values()].find((one) => one.uid === uid) ?? (uid === 0 ? ROOT : undefined)
  );
};

const groupsListing = (name: string, identity: HostIdentity): readonly number[] =>
  [...identity.groups.values()]
    .filter(({ members }) => members.includes(name))
    .map((group) => group.gid);

/** Its command runs with `+`: as root and outside of every sandbox. */
export const hasFullPrivileges = (service: ServiceSettings): boolean =>
  commandPrefix(service).includes("+");

/** The special characters in front of the command that is in force. */
const commandPrefix = ({ execStart }: ServiceSettings): string =>
  /^[-@:+!|]*/u.exec(execStart.at(-1)?.value ?? "")?.[0] ?? "";

const EVERY = (): boolean => true;
/** The ids of one machine: 0 to 65535. */
const IDENTITY = (id: number): boolean => id < 65_536;

/** systemd.exec(5), PrivateUsers=: root and the service's own user and group are known inside, everybody else is nobody. */
const mappedIds = (service: ServiceSettings, { uid, gid }: Reader): MappedIds | undefined => {
  const value = lastValue(service, "PrivateUsers")?.value;
  switch (value) {
    case "identity":
      return { uids: IDENTITY, gids: IDENTITY };
    case "full":
      return { uids: EVERY, gids: EVERY };
    default:
      return value === "self" || isOn(service, "PrivateUsers")
        ? { uids: (one) => one === 0 || one === uid, gids: (one) => one === 0 || one === gid }
        : undefined;
  }
};
