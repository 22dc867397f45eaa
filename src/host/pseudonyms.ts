import type { Recording } from "./recording.ts";
import { literal, namesIn, ownComponents, PATH, type RecordedNames } from "./recorded-names.ts";
import { rewritten } from "./recorded-strings.ts";
import type { Redactable } from "../vocabulary.ts";
import type { PseudonymMap } from "./pseudonym-map.ts";

export interface Pseudonymised {
  readonly recorded: Recording;
  /** What was known before, and what was given now. */
  readonly map: PseudonymMap;
}

/**
 * Takes a recording, the kinds of names to replace, and what other recordings were given; gives it with a pseudonym in place of each
 * name, everywhere the same, and the map that undoes it. Names of VMs, of accounts of the system and of its directories stay, since rules
 * read them, and so do ids of boots, which are of no use without the host. What was replaced already stays as it is.
 */
export const pseudonymise = (
  recorded: Recording,
  kinds: ReadonlySet<Redactable>,
  known: PseudonymMap,
): Pseudonymised => {
  const names = namesIn(recorded);
  const map: PseudonymMap = {
    ...known,
    ...(kinds.has("hosts") ? { hosts: hostsWith(names, known.hosts) } : {}),
    ...(kinds.has("users") ? { users: named(names.users, known.users, "user-") } : {}),
    ...(kinds.has("paths") ? { paths: named(names.paths, known.paths, "path-") } : {}),
  };
  const places = kinds.has("paths") ? map.paths : {};
  const inWords = wordsReplaced(
    {
      ...(kinds.has("hosts") ? map.hosts : {}),
      ...(kinds.has("users") ? map.users : {}),
      ...Object.fromEntries(Object.entries(places).filter(([name]) => isDistinctive(name))),
    },
    names.vms,
  );
  const inPath = (path: string): string => inWords(componentsReplaced(path, places));
  const text = (words: string): string =>
    inWords(words.replace(PATH, (path) => componentsReplaced(path, places)));
  return {
    map,
    recorded: rewritten(recorded, {
      text,
      names: (directory, entries) =>
        entries.map((name) => lastComponent(inPath(`${directory}/${name}`))),
      target: (link, target) =>
        target.startsWith("/") ? text(target) : inWords(relativeReplaced(link, target, places)),
    }),
  };
};

/** A word of the language may stand in a message for itself; it is replaced in paths only. */
const isDistinctive = (name: string): boolean => name.length > 3 && /[\d._A-Z-]/u.test(name);

const hostsWith = (
  { hosts, domains, machineIds }: RecordedNames,
  known: Readonly<Record<string, string>>,
): Record<string, string> => {
  const withHosts = named(hosts, known, "host-");
  const withDomains = named(domains, withHosts, "domain-", ".example");
  return numbered(machineIds, withDomains, (number) => number.toString(16).padStart(32, "0"));
};

const named = (
  names: ReadonlySet<string>,
  known: Readonly<Record<string, string>>,
  before: string,
  behind = "",
): Record<string, string> =>
  // Numbers of one width keep the order of names, and with it the order of questions about them.
  numbered(names, known, (number) => `${before}${String(number).padStart(3, "0")}${behind}`);

/** Gives each name that has none the next pseudonym that nobody has. */
const numbered = (
  names: ReadonlySet<string>,
  known: Readonly<Record<string, string>>,
  pseudonym: (number: number) => string,
): Record<string, string> => {
  const map = new Map(Object.entries(known));
  const taken = new Set([...map.values(), ...names]);
  const given = new Set(map.values());
  let number = 0;
  for (const name of [...names].toSorted()) {
    if (map.has(name) || given.has(name)) continue;
    do number += 1;
    while (taken.has(pseudonym(number)));
    map.set(name, pseudonym(number));
  }
  return Object.fromEntries(map);
};

/** Replaces whole words, of which `-`, `_` and `.` are ends; the longest first, so that the name of a VM is safe from what is in it. */
const wordsReplaced = (
  map: Readonly<Record<string, string>>,
  vms: ReadonlySet<string>,
): ((text: string) => string) => {
  const replacements = new Map([
    ...Object.entries(map),
    ...[...vms].map((vm): readonly [string, string] => [vm, vm]),
  ]);
  if (Object.keys(map).length === 0) return (text) => text;
  const words = [...replacements.keys()].toSorted(
    (a, b) => b.length - a.length || (a < b ? -1 : 1),
  );
  const anyOf = new RegExp(
    String.raw`(?<=^|[^A-Za-z0-9]|\u001B\[[\d;]*[A-Za-z])(?:${words.map(literal).join("|")})(?![A-Za-z0-9])`,
    "gu",
  );
  return (text) => text.replace(anyOf, (word) => replacements.get(word) ?? word);
};

type Places = Readonly<Record<string, string>>;

const componentsReplaced = (path: string, places: Places): string => {
  const own = new Set(ownComponents(path));
  if (own.size === 0) return path;
  return path
    .split("/")
    .map((part, index) =>
      own.has(index) && Object.hasOwn(places, part) ? (places[part] ?? part) : part,
    )
    .join("/");
};

/** A relative target means what it means from the directory of its link. */
const relativeReplaced = (link: string, target: string, places: Places): string => {
  const from = link.split("/").slice(0, -1);
  return target
    .split("/")
    .map((part) => {
      if (part === "" || part === ".") return part;
      if (part === "..") {
        from.pop();
        return part;
      }
      from.push(part);
      return lastComponent(componentsReplaced(from.join("/"), places));
    })
    .join("/");
};

const lastComponent = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
