import { collected, type Collected } from "../evidence/evidence.ts";
import type {
  Installation,
  InstallerKind,
  SecretGeneration,
  SecretRoot,
} from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import type { Window } from "../journal/read.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { declaredSecrets, withStat } from "./declared-secrets.ts";
import { collectInstallerEvents } from "./installer-events.ts";
import { absentRef, fileRef, walkPath } from "./path-walk.ts";

/** Links of installers, with the directory that holds their generations (sops-nix and agenix defaults). */
const ROOTS: readonly { readonly path: HostPath; readonly installer: InstallerKind }[] = [
  { path: hostPath("/run/secrets"), installer: "sops-nix" },
  { path: hostPath("/run/secrets-for-users"), installer: "sops-nix" },
  { path: hostPath("/run/agenix"), installer: "agenix" },
];
const MOST_FILES = 2000;
const DEEPEST = 6;

/** How secrets come to this host; names, places and stats alone. */
export const collectInstallation = async (
  host: Host,
  window: Window,
): Promise<Collected<Installation>> => {
  const system = hostPath("/run/current-system");
  const [declared, roots, events, lastRun] = await Promise.all([
    declaredSecrets(host, system),
    Promise.all(ROOTS.map((root) => readRoot(host, root.path, root.installer))),
    collectInstallerEvents(host, window),
    host.lstat(hostPath("/run/secrets.d/age-keys.txt")),
  ]);
  return collected({
    declared: declared.secrets,
    roots,
    keys: await Promise.all(declared.keys.map((key) => withStat(host, key))),
    events,
    ...(lastRun.status === "present"
      ? { lastRun: fileRef(hostPath("/run/secrets.d/age-keys.txt"), lastRun.value) }
      : {}),
    ...(declared.activation === undefined ? {} : { activation: declared.activation }),
  });
};

const readRoot = async (
  host: Host,
  path: HostPath,
  installer: InstallerKind,
): Promise<SecretRoot> => {
  const [own, generations] = await Promise.all([
    host.lstat(path),
    readGenerations(host, hostPath(`${path}.d`)),
  ]);
  const none = { path, installer, generations, files: new Map<HostPath, FileRef>() };
  if (own.status === "absent")
    return { ...none, ref: absentRef(path), state: "absent", unlisted: false };
  if (own.status !== "present")
    return { ...none, ref: { kind: "file", path }, state: "denied", unlisted: true };
  const ref = fileRef(path, own.value);
  const walk = await walkPath(host, path);
  const current = Number(
    /\.d\/(?<number>\d+)\/?$/u.exec(own.value.target ?? "")?.groups?.["number"],
  );
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
