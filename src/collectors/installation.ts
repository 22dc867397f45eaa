import { collected, type Collected } from "../evidence/evidence.ts";
import type { Installation, SecretGeneration, SecretRoot } from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import type { Window } from "../journal/read.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { declaredSecrets, withStat, type DeclaredSecrets } from "./declared-secrets.ts";
import { collectInstallerEvents } from "./installer-events.ts";
import { absentRef, fileRef, walkPath } from "./path-walk.ts";
import { hasRun } from "./secret-files.ts";

type Place = DeclaredSecrets["places"][number];

/** Links of installers, with the directory that holds their generations: where sops-nix and agenix put them unless told otherwise. */
const USUAL: readonly Place[] = (
  [
    ["/run/secrets", "sops-nix"],
    ["/run/secrets-for-users", "sops-nix"],
    ["/run/agenix", "agenix"],
  ] as const
).map(([link, installer]) => ({
  link: hostPath(link),
  generations: hostPath(`${link}.d`),
  installer,
}));
const MOST_FILES = 2000;
const DEEPEST = 6;

const SYSTEM = hostPath("/run/current-system");
/** Where the units of a host lie that is no NixOS. */
const ETC_UNITS = hostPath("/etc/systemd/system");

/** How secrets come to this host; names, places and stats alone. */
export const collectInstallation = async (
  host: Host,
  window: Window,
): Promise<Collected<Installation>> => {
  const [isRunning, declared, { events, malformed }] = await Promise.all([
    hasRun(host),
    declaredSecrets(host, SYSTEM, [hostPath(`${SYSTEM}/etc/systemd/system`), ETC_UNITS]),
    collectInstallerEvents(host, window),
  ]);
  const places = [
    ...declared.places,
    ...USUAL.filter(({ link }) => !declared.places.some((place) => place.link === link)),
  ];
  return collected({
    declared: declared.secrets,
    roots: await Promise.all(
      places.map(async (place) => {
        const root = await readRoot(host, place);
        return isRunning || root.state !== "absent" ? root : unkept(root);
      }),
    ),
    keys: await Promise.all(declared.keys.map((key) => withStat(host, key))),
    events,
    declarationsRead: declared.read,
    ...(malformed === 0
      ? {}
      : { problem: `${malformed} lines about the installers of secrets could not be understood` }),
    ...(declared.activation === undefined ? {} : { activation: declared.activation }),
  });
};

/** Of a system that does not run nothing is known of what it makes at boot. */
const unkept = (root: SecretRoot): SecretRoot => ({
  ...root,
  ref: { kind: "file", path: root.path },
  state: "denied",
  unlisted: true,
});

const readRoot = async (
  host: Host,
  { link: path, generations: directory, installer }: Place,
): Promise<SecretRoot> => {
  const imported = hostPath(`${directory}/age-keys.txt`);
  const [own, generations, keys] = await Promise.all([
    host.lstat(path),
    readGenerations(host, directory),
    host.lstat(imported),
  ]);
  const none = {
    path,
    installer,
    generations,
    files: new Map<HostPath, FileRef>(),
    ...(keys.status === "present" ? { keysImported: fileRef(imported, keys.value) } : {}),
  };
  if (own.status === "absent")
    return { ...none, ref: absentRef(path), state: "absent", unlisted: false };
  if (own.status !== "present")
    return { ...none, ref: { kind: "file", path }, state: "denied", unlisted: true };
  const ref = fileRef(path, own.value);
  const walk = await walkPath(host, path);
  const current = Number(/\/(?<number>\d+)\/?$/u.exec(own.value.target ?? "")?.groups?.["number"]);
  const { files, unlisted } = await filesBelow(host, path);
  return {
    ...none,
    ref,
    state:
      own.value.target === undefined
        ? "real"
        : walk.end === "present"
          ? "linked"
          : walk.end === "absent"
            ? "dangling"
            : "denied",
    files,
    unlisted,
    ...(Number.isInteger(current) ? { current } : {}),
  };
};

const readGenerations = async (
  host: Host,
  directory: HostPath,
): Promise<readonly SecretGeneration[]> => {
  const names = await host.list(directory);
  if (names.status !== "present") return [];
  const found = await Promise.all(
    names.value
      .filter((name) => /^\d+$/u.test(name))
      .map(async (name): Promise<readonly SecretGeneration[]> => {
        const path = hostPath(`${directory}/${name}`);
        const stat = await host.lstat(path);
        return stat.status === "present"
          ? [{ number: Number(name), ref: fileRef(path, stat.value) }]
          : [];
      }),
  );
  return found.flat().toSorted((a, b) => a.number - b.number);
};

/** Files below a root by the path that others use. Directories of sops-nix are 0751: only root and `keys` may list them. */
const filesBelow = async (
  host: Host,
  root: HostPath,
): Promise<{ readonly files: ReadonlyMap<HostPath, FileRef>; readonly unlisted: boolean }> => {
  const files = new Map<HostPath, FileRef>();
  let unlisted = false;
  const add = async (directory: HostPath, depth: number): Promise<void> => {
    const names = await host.list(directory);
    if (names.status !== "present") {
      unlisted ||= names.status !== "absent";
      return;
    }
    for (const name of names.value) {
      if (files.size >= MOST_FILES) {
        unlisted = true;
        return;
      }
      const path = hostPath(`${directory}/${name}`);
      const stat = await host.lstat(path);
      if (stat.status !== "present") continue;
      if (stat.value.type === "directory" && depth < DEEPEST) await add(path, depth + 1);
      else files.set(path, fileRef(path, stat.value));
    }
  };
  await add(root, 0);
  return { files, unlisted };
};
