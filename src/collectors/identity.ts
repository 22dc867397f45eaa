import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { Account, Group, HostIdentity } from "../evidence/host-identity.ts";
import type { HostJournal } from "../evidence/journal.ts";
import type { Host, Lookup } from "../host/host.ts";
import { isZone } from "../time/format-time.ts";
import { hostPath } from "../vocabulary.ts";
import { lossOf, whyLost } from "./losses.ts";

/** Names, zone and accounts of the host; the journal's own words stand in where files are missing. */
export const collectIdentity = async (
  host: Host,
  journal: Pick<HostJournal, "hostname" | "machineId"> | undefined,
): Promise<Collected<HostIdentity>> => {
  const [hostname, machineId, zone, passwd, group] = await Promise.all([
    text(host, "/etc/hostname"),
    text(host, "/etc/machine-id"),
    readZone(host),
    host.readText(PASSWD),
    host.readText(GROUP),
  ]);
  const accounts = textOf(passwd);
  const name = firstLine(hostname) ?? journal?.hostname;
  if (
    name === undefined &&
    accounts === undefined &&
    machineId === undefined &&
    journal?.machineId === undefined
  ) {
    return lossOf(passwd) === undefined
      ? unavailable("not-found", "neither /etc nor the journal tells whose host this is")
      : unavailable(
          "failed",
          `whose host this is could not be looked at: ${PASSWD}: ${whyLost(passwd)}`,
        );
  }
  const unread = [passwd, group].flatMap((found, index) =>
    lossOf(found) === undefined ? [] : [index === 0 ? PASSWD : GROUP],
  );
  return collected({
    name: name ?? "unknown",
    machineId: firstLine(machineId) ?? journal?.machineId ?? "unknown",
    zone,
    users: new Map(parseAccounts(accounts ?? "").map((account) => [account.name, account])),
    groups: new Map(parseGroups(textOf(group) ?? "").map((entry) => [entry.name, entry])),
    ...(unread.length === 0 ? {} : { unread }),
  });
};

const PASSWD = hostPath("/etc/passwd");
const GROUP = hostPath("/etc/group");

const text = async (host: Host, path: string): Promise<string | undefined> =>
  textOf(await host.readText(hostPath(path)));

const textOf = (found: Lookup<string>): string | undefined =>
  found.status === "present" ? found.value : undefined;

const firstLine = (content: string | undefined): string | undefined => {
  const line = content?.split("\n", 1)[0]?.trim();
  return line === undefined || line === "" ? undefined : line;
};

const ZONE_IN_TARGET = /zoneinfo\/(?:posix\/|right\/)?(?<zone>.+)$/u;

/** The zone's name from the link that /etc/localtime is (localtime(5)); UTC where there is none, as systemd does. */
export const readZone = async (host: Host): Promise<string> => {
  const link = await host.lstat(hostPath("/etc/localtime"));
  const target = link.status === "present" ? link.value.target : undefined;
  const zone =
    ZONE_IN_TARGET.exec(target ?? "")?.groups?.["zone"] ??
    firstLine(await text(host, "/etc/timezone"));
  return zone !== undefined && isZone(zone) ? zone : "UTC";
};

/** passwd(5): name:password:uid:gid:... */
const parseAccounts = (content: string): readonly Account[] =>
  content.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (name === undefined || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });

/** group(5): name:password:gid:member,member */
const parseGroups = (content: string): readonly Group[] =>
  content.split("\n").flatMap((line) => {
    const [name, , gid, members] = line.split(":");
    if (name === undefined || gid === undefined) return [];
    return [{ name, gid: Number(gid), members: (members ?? "").split(",").filter(Boolean) }];
  });
