import { dirname, join } from "node:path/posix";
import type { Recording } from "./recording.ts";
import { rewritten } from "./recorded-strings.ts";
import { isWellKnown, SYSTEM_ROOTS } from "./well-known-names.ts";

/** The names in a recording that say whose host it is. */
export interface RecordedNames {
  readonly hosts: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
  readonly machineIds: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  /** Components of paths below homes and below places that are no system's. */
  readonly paths: ReadonlySet<string>;
  /** Names of VMs: these stay, whatever is in them. */
  readonly vms: ReadonlySet<string>;
}

/** systemd gives these to people (UIDS-GIDS.md): from 1000 on, without the builders of Nix and what is given out at run time. */
const PEOPLE = { from: 1000, to: 29_999 };

/** Takes a recording; gives the names in it, without those that any host has. */
export const namesIn = (recorded: Recording): RecordedNames => {
  const hosts = new Set<string>();
  const machineIds = new Set<string>();
  const users = new Set<string>();
  const systemUsers = new Set<string>();
  const vms = new Set<string>(listed(recorded, "/var/lib/microvms"));
  const passwd = textOf(recorded, "/etc/passwd");
  for (const line of passwd.split("\n")) {
    const [name = "", , uid = ""] = line.split(":");
    const isPerson = Number(uid) >= PEOPLE.from && Number(uid) <= PEOPLE.to;
    (isPerson ? users : systemUsers).add(name);
  }
  add(hosts, firstLine(textOf(recorded, "/etc/hostname")));
  add(machineIds, firstLine(textOf(recorded, "/etc/machine-id")));
  for (const name of listed(recorded, "/home")) add(users, name);

  const texts = stringsOf(recorded);
  for (const text of texts) {
    for (const { groups } of text.matchAll(HOME)) add(users, groups?.["name"] ?? "");
    for (const { groups } of text.matchAll(SUDO)) {
      add(users, groups?.["name"] ?? "");
      add(users, groups?.["target"] ?? "");
    }
    for (const { groups } of text.matchAll(VM))
      add(vms, (groups?.["name"] ?? "").replace(/\.service$/u, ""));
  }
  for (const { lines } of Object.values(recorded.streams)) {
    for (const line of lines) {
      add(hosts, HOSTNAME.exec(line)?.groups?.["name"] ?? "");
      add(machineIds, MACHINE_ID.exec(line)?.groups?.["id"] ?? "");
    }
  }
  const domains = new Set([...hosts].flatMap((host) => domainsBehind(host, texts)));
  for (const host of hosts) {
    const [short = "", ...domain] = host.split(".");
    if (domain.length === 0) continue;
    hosts.delete(host);
    hosts.add(short);
    domains.add(domain.join("."));
  }
  const people = [...users].filter((name) => !systemUsers.has(name) && !isWellKnown(name));
  return {
    hosts: new Set([...hosts].filter((name) => !isWellKnown(name) && !vms.has(name))),
    domains: new Set([...domains].filter((name) => !isWellKnown(name))),
    machineIds: new Set([...machineIds].filter((id) => /^[0-9a-f]{32}$/u.test(id))),
    users: new Set(people.filter((name) => /^[A-Za-z_][\w.-]*$/u.test(name) && !vms.has(name))),
    paths: componentsIn(texts, new Set(users)),
    vms: new Set([...vms].filter((name) => name !== "")),
  };
};

const HOME = /(?<=\/home\/)(?<name>[A-Za-z_][\w.-]*)/gu;
const SUDO = /^\s*(?<name>[\w.-]+) : .*?(?:\bUSER=(?<target>[\w.-]+) ; )?.*\bCOMMAND=/gmu;
const VM = /(?<=microvm@|\/microvms\/)(?<name>[A-Za-z0-9:_.@-]+)/gu;
const HOSTNAME = /"_HOSTNAME":"(?<name>[A-Za-z0-9.-]+)"/u;
const MACHINE_ID = /"_MACHINE_ID":"(?<id>[0-9a-f]{32})"/u;
/** What stands behind a dot and is no domain: kinds of units and of files. */
const NO_DOMAIN =
  /\.(?:service|socket|target|mount|path|timer|slice|scope|swap|device|conf|d|nix|lock|json|ya?ml|toml|sock|img|txt|log|key|age|sh|md)$/u;

const domainsBehind = (host: string, texts: readonly string[]): readonly string[] => {
  if (isWellKnown(host)) return [];
  const behind = new RegExp(
    String.raw`(?<![\w./-])${literal(host)}\.(?<domain>[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*)(?![\w/-])`,
    "gu",
  );
  return texts
    .filter((text) => text.includes(`${host}.`))
    .flatMap((text) =>
      [...text.matchAll(behind)].flatMap(({ 0: whole, groups }) =>
        NO_DOMAIN.test(whole) ? [] : [groups?.["domain"] ?? ""],
      ),
    );
};

/** A path wherever it stands in a text: behind a word's beginning, a quote, or the scheme of a URL. */
export const PATH =
  /(?<=^|[^\w.~/:-]|:\/\/|:)\/(?!\/)[^\s"'`:;,()<>|&=\\[\]{}#?*$]*[^\s"'`:;,()<>|&=\\[\]{}#?*$.!]/gu;

/**
 * The components of a path that somebody made up a name for, by their index; none for a path of the system. The directory below `/home`
 * is a user's name.
 */
export const ownComponents = (path: string): readonly number[] => {
  const parts = path.split("/");
  const begin = parts[1] === "home" ? 3 : 2;
  if (SYSTEM_ROOTS.has(parts[1] ?? "")) return [];
  // A place that holds a copy of the system's directories (/persist/etc/..., /mnt/var/...).
  const copy = parts.findIndex((part, index) => index > 1 && SYSTEM_ROOTS.has(part));
  const end = copy === -1 ? parts.length : copy;
  const first = isWellKnown(parts[1] ?? "") ? begin : 1;
  return parts.flatMap((part, index) =>
    index >= first && index < end && !isOrdinary(part) ? [index] : [],
  );
};

/** Rules know a directory of secrets by these words. */
const isOrdinary = (part: string): boolean =>
  part === "" ||
  part === "." ||
  part === ".." ||
  isWellKnown(part) ||
  /secret|credential|agenix|microvm/iu.test(part);

const componentsIn = (
  texts: readonly string[],
  users: ReadonlySet<string>,
): ReadonlySet<string> => {
  const found = new Set<string>();
  const lasts = new Set<string>();
  let elsewhere = "";
  for (const text of texts) {
    const rest = text.replace(PATH, (path) => {
      const parts = path.split("/");
      const own = ownComponents(path);
      for (const index of own) {
        const part = parts[index] ?? "";
        if (users.has(part)) continue;
        (index === parts.length - 1 ? lasts : found).add(part);
      }
      return own.length === 0 ? path : " ";
    });
    elsewhere += `${normal(rest)}\n`;
  }
  // The last one may be what a secret is called, and that is matched with names of other forms.
  for (const last of lasts) if (!elsewhere.includes(normal(last))) found.add(last);
  return found;
};

const normal = (text: string): string => text.toLowerCase().replaceAll("_", "-");

const stringsOf = (recorded: Recording): readonly string[] => {
  const found = new Set<string>();
  const seen = (text: string): string => {
    found.add(text);
    return text;
  };
  rewritten(recorded, {
    text: seen,
    names: (directory, names) => {
      for (const name of names) seen(`${directory}/${name}`);
      return names;
    },
    target: (link, target) => {
      seen(target.startsWith("/") ? target : join(dirname(link), target));
      return target;
    },
  });
  return [...found];
};

const textOf = ({ text }: Recording, path: string): string => {
  const found = text[path];
  return found?.status === "present" ? found.value : "";
};

const listed = ({ list }: Recording, path: string): readonly string[] => {
  const found = list[path];
  return found?.status === "present" ? found.value : [];
};

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").trim();

const add = (to: Set<string>, name: string): Set<string> => (name === "" ? to : to.add(name));

/** A text as a piece of a regular expression that matches it. */
export const literal = (text: string): string =>
  text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
