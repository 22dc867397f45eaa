import type { DeclaredSecret, DecryptionKey } from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";

/** A link that others use, and the directory of numbered generations that it leads into. */
export interface SecretPlace {
  readonly link: HostPath;
  readonly generations: HostPath;
}

/** What an activation script or start script of agenix does. */
export interface AgenixScript {
  readonly secrets: readonly DeclaredSecret[];
  readonly keys: readonly Omit<DecryptionKey, "ref">[];
  readonly places: readonly SecretPlace[];
}

type Draft = { -readonly [Key in keyof DeclaredSecret]: DeclaredSecret[Key] };

const ASSIGNMENT = /^\s*(?<name>_truePath|TMP_FILE)="?(?<value>[^"\n]*)(?:"\s*)?$/u;
const DECRYPT =
  /\s-o\s+"?(?<target>[/$][^"\s]+?)(?:\.tmp)?"?\s+"?(?<file>\/nix\/store\/[^\s"]+)"?/u;
const CHMOD = /^\s*chmod\s+(?<mode>0?[0-7]{3,4})\s+"?(?<target>\/[^"\s]+?)(?:\.tmp)?"?\s*$/u;
const CHOWN = /^\s*chown\s+(?<owner>[^\s:]+):(?<group>\S+)\s+"?(?<target>\/[^"\s]+)"?\s*$/u;
const LINK = /\bln\s+-(?=\w*[sf])\w+\s+"?(?<target>\/[^"\s]+)"?\s+"?(?<link>\/[^"\s]+)"?/u;
const IDENTITIES = /^\s*for\s+identity\s+in\s+(?<paths>\/[^;]+);/u;
const IDENTITY = /(?:\+=\(-i\)?\s*|\s-i\s+)["(]*(?<path>\/[^\s")]+)/gu;

/** The part of a path that a script fills in with the number of the generation. */
const NUMBERED = /^(?<generations>\/[^$]*)\/\$[^/]*(?:\([^)]*\))*(?=\/|$)/u;

/**
 * agenix writes a block of shell per secret: where it goes, what it is decrypted from, its mode; its owner in a block of its own
 * (agenix modules/age.nix at b027ee2). Paths through a generation are told by the link that leads to it.
 */
export const readAgenixScript = (path: HostPath, text: string): AgenixScript => {
  const lines = resolvedLines(text);
  const places = placesIn(lines);
  const through = (target: string): HostPath => hostPath(throughLink(target, places));
  const drafts = new Map<HostPath, Draft>();
  let truePath = "";
  const keys = new Map<HostPath, Omit<DecryptionKey, "ref">>();
  for (const [index, line] of lines.entries()) {
    const ref: FileRef = { kind: "file", path, line: index + 1, text: line.trim() };
    for (const key of keysIn(line))
      keys.set(key, { path: key, installer: "agenix", declaredIn: ref });
    const decrypt = DECRYPT.exec(line)?.groups;
    const own = ASSIGNMENT.exec(line)?.groups;
    if (own?.["name"] === "_truePath") truePath = (own["value"] ?? "").trimEnd();
    const target = decrypt?.["target"]?.startsWith("/") === true ? decrypt["target"] : truePath;
    if (decrypt?.["file"] !== undefined && target.startsWith("/")) {
      const stored = through(target);
      drafts.set(stored, {
        installer: "agenix",
        name: nameOf(stored, places),
        path: stored,
        stored,
        ciphertext: { kind: "file", path: hostPath(decrypt["file"]) },
        ref,
      });
      continue;
    }
    addDetail(drafts, line, through);
  }
  return { secrets: [...drafts.values()], keys: [...keys.values()], places };
};

const addDetail = (
  drafts: ReadonlyMap<HostPath, Draft>,
  line: string,
  through: (target: string) => HostPath,
): void => {
  const found = (CHMOD.exec(line) ?? CHOWN.exec(line) ?? LINK.exec(line))?.groups ?? {};
  const { target, mode, owner, group, link } = found;
  const draft = target === undefined ? undefined : drafts.get(through(target));
  if (draft === undefined) return;
  if (mode !== undefined) draft.mode = Number.parseInt(mode, 8);
  if (owner !== undefined) draft.owner = owner;
  if (group !== undefined) draft.group = group;
  if (link !== undefined) draft.path = hostPath(link);
};

/** PATH_MAX of Linux. */
const LONGEST_PATH = 4096;
/** So much longer may a line get by the variables in it. */
const MOST_PUT_IN = 64 * 1024;

/** The variables that agenix keeps its paths in, put in. */
const resolvedLines = (text: string): readonly string[] => {
  const variables = new Map<string, string>();
  return text.split("\n").map((raw) => {
    const line = raw.replace(
      /\$\{?(?<name>_truePath|TMP_FILE)\}?/gu,
      (whole, name: string) => variables.get(name) ?? whole,
    );
    const { name, value } = ASSIGNMENT.exec(line)?.groups ?? {};
    // A path that is longer is none; one that is made of itself would grow with each line.
    if (name !== undefined && value !== undefined && value.length <= LONGEST_PATH)
      variables.set(name, value.trimEnd());
    return line.slice(0, raw.length + MOST_PUT_IN);
  });
};

const placesIn = (lines: readonly string[]): readonly SecretPlace[] => {
  const places = new Map<string, SecretPlace>();
  for (const line of lines) {
    const { target, link } = LINK.exec(line)?.groups ?? {};
    const generations = NUMBERED.exec(target ?? "")?.groups?.["generations"];
    const isWhole = target !== undefined && NUMBERED.exec(target)?.[0] === target;
    if (generations !== undefined && link !== undefined && isWhole)
      places.set(link, { link: hostPath(link), generations: hostPath(generations) });
  }
  return [...places.values()];
};

const throughLink = (target: string, places: readonly SecretPlace[]): string => {
  const numbered = NUMBERED.exec(target);
  const generations = numbered?.groups?.["generations"];
  if (numbered === null || generations === undefined) return target;
  const link =
    places.find((place) => place.generations === generations)?.link ??
    generations.replace(/\.d$/u, "");
  return `${link}${target.slice(numbered[0].length)}`;
};

const nameOf = (path: HostPath, places: readonly SecretPlace[]): string => {
  const place = places.find(({ link }) => path.startsWith(`${link}/`));
  return path.slice(place === undefined ? path.lastIndexOf("/") + 1 : place.link.length + 1);
};

const keysIn = (line: string): readonly HostPath[] => [
  ...(IDENTITIES.exec(line)?.groups?.["paths"] ?? "")
    .split(/\s+/u)
    .filter((word) => word.startsWith("/"))
    .map(hostPath),
  ...(/identit|--decrypt/iu.test(line)
    ? [...line.matchAll(IDENTITY)].flatMap(({ groups }) =>
        groups?.["path"] === undefined ? [] : [hostPath(groups["path"])],
      )
    : []),
];
