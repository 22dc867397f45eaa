import { canary } from "./canary.ts";
import type { Content, TreeNode } from "./file-tree.ts";
import type { FileSpec, Scenario } from "./scenario-schema.ts";

/** Turns what a scenario says in words (local times, `${store:KEY}`, `${canary:NAME:SIZE}`) into what the file system takes. */
export interface Translation {
  readonly clock: (time: string) => number;
  readonly fill: (text: string) => string;
}

/** The files that a scenario lists, and the accounts' databases. */
export const hostFiles = (scenario: Scenario, translation: Translation): readonly TreeNode[] => {
  const listed = Object.entries(scenario.files).flatMap(([path, spec]) =>
    spec === null ? [] : [fileNode(path, spec, scenario, translation)],
  );
  return [...accountFiles(scenario, translation), ...listed];
};

const fileNode = (
  path: string,
  spec: FileSpec,
  scenario: Scenario,
  { clock, fill }: Translation,
): TreeNode => {
  const isDirectory = path.endsWith("/");
  const [user = "", group = ""] = (spec.owner ?? "root:root").split(":");
  return {
    path: isDirectory ? path.slice(0, -1) : path,
    content: isDirectory ? { kind: "directory" } : contentOf(spec, fill),
    mode: Number.parseInt(spec.mode ?? (isDirectory ? "0755" : "0644"), 8),
    uid: idOf("user", user, scenario.users[user]?.uid),
    gid: idOf("group", group, scenario.groups[group]?.gid),
    mtime: clock(spec.mtime ?? scenario.host.booted),
    ...(spec.acl === undefined
      ? {}
      : { acl: spec.acl.map((entry) => numericAcl(entry, scenario)) }),
  };
};

const contentOf = (spec: FileSpec, fill: (text: string) => string): Content => {
  if (spec.link !== undefined) return { kind: "link", target: fill(spec.link) };
  if (spec.socket !== undefined) return { kind: "socket" };
  if (spec.canary !== undefined)
    return { kind: "file", bytes: Buffer.from(canary(spec.canary, spec.size ?? 0)) };
  return { kind: "file", bytes: Buffer.from(fill(spec.text ?? "")) };
};

const idOf = (kind: string, name: string, id: number | undefined): number => {
  if (id === undefined) throw new Error(`the scenario has no ${kind} ${name}`);
  return id;
};

/** `u:microvm:r` by number, as the account is the host's and not one of this machine. */
const numericAcl = (entry: string, { users }: Scenario): string => {
  const [kind = "", user = "", rights = ""] = entry.split(":");
  return `${kind}:${idOf("user", user, users[user]?.uid)}:${rights}`;
};

const accountFiles = ({ users, groups, host }: Scenario, { clock }: Translation): TreeNode[] => {
  const passwd = Object.entries(users).map(
    ([name, { uid, group, home, shell }]) =>
      `${name}:x:${uid}:${idOf("group", group, groups[group]?.gid)}::${home}:${shell}\n`,
  );
  const group = Object.entries(groups).map(
    ([name, { gid, members }]) => `${name}:x:${gid}:${members.join(",")}\n`,
  );
  const shared = { mode: 0o644, uid: 0, gid: 0, mtime: clock(host.booted) };
  return [
    {
      ...shared,
      path: "/etc/passwd",
      content: { kind: "file", bytes: Buffer.from(passwd.join("")) },
    },
    {
      ...shared,
      path: "/etc/group",
      content: { kind: "file", bytes: Buffer.from(group.join("")) },
    },
  ];
};
