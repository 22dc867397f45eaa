import type { PathComponent, PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { SandboxSetting, ServiceSettings } from "../evidence/unit.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import type { Reader } from "./access.ts";
import { hasFullPrivileges } from "./readers.ts";
import { isOn, lastValue } from "./service-settings.ts";
import { canonical, isBelow, sandboxMounts, type Mount } from "./sandbox-mounts.ts";

/** What a service sees of a path that the host has. */
export type View =
  /** `walk` holds what the service passes on its way: what a bind mount leaves out is left out. */
  | { readonly status: "visible"; readonly walk: PathWalk }
  /** `error`: what open(2) says; `empty`: root opens an empty file in the place of the hidden one. */
  | {
      readonly status: "hidden";
      readonly at: HostPath;
      readonly error: "ENOENT" | "EACCES" | "empty";
      readonly setting: SandboxSetting;
    }
  | { readonly status: "unknown"; readonly setting: SandboxSetting; readonly why: string };

const MOST_SYMLINKS = 40;

/**
 * Walks a path once more, inside the mount namespace that systemd makes for the service. What no walk of the host met is not
 * guessed. systemd's own reading for LoadCredential= takes place outside and needs no view.
 */
export const viewOf = (
  service: ServiceSettings,
  walk: PathWalk,
  { reader, files }: { readonly reader?: Reader; readonly files: SecretFiles },
): View => {
  const asked = hasFullPrivileges(service) ? [] : sandboxMounts(service);
  if (asked.length === 0 || walk.end !== "present") return { status: "visible", walk };
  const host: HostParts = new Map(
    [...[...files.walks.values()].flatMap(({ components }) => components), ...walk.components].map(
      (component) => [component.path, component],
    ),
  );
  const mounts = placed(asked, host);
  const seen: PathComponent[] = [];
  const pending = walk.path.split("/").filter(Boolean);
  let here = "/";
  let symlinks = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === ".") continue;
    const path = name === ".." ? parentOf(here) : join(here, name);
    const step: Step = name === ".." ? { kind: "directory" } : stepTo(path, mounts, host);
    switch (step.kind) {
      case "directory":
        here = path;
        continue;
      case "hidden":
        return hidden(step.mount, path, pending.length === 0, reader);
      case "unknown":
        return unknown(step.mount);
      case "elsewhere":
        return { status: "visible", walk };
      case "same":
    }
    const { component } = step;
    seen.push(component);
    const { target } = component.stat;
    if (target === undefined) {
      here = path;
      continue;
    }
    symlinks += 1;
    if (symlinks > MOST_SYMLINKS) return { status: "visible", walk };
    if (target.startsWith("/")) here = "/";
    pending.unshift(...target.split("/").filter(Boolean));
  }
  const root = host.get(hostPath("/"));
  const components = [...(root === undefined ? [] : [root]), ...seen];
  const file = seen.at(-1);
  return file === undefined
    ? { status: "visible", walk }
    : { status: "visible", walk: { ...walk, components, file } };
};

/** PrivateUsers= in one of its forms (systemd.exec(5)); a command with `+` is outside of it. */
export const hasUserNamespace = ({ service }: { readonly service?: ServiceSettings }): boolean =>
  service !== undefined &&
  !hasFullPrivileges(service) &&
  (isOn(service, "PrivateUsers") ||
    /^(?:self|identity|full|managed)$/u.test(lastValue(service, "PrivateUsers")?.value ?? ""));

type Step =
  /** The host's own component stands there. */
  | { readonly kind: "same"; readonly component: PathComponent }
  /** A directory that systemd makes, which everybody may pass. */
  | { readonly kind: "directory" }
  | { readonly kind: "hidden"; readonly mount: Mount }
  | { readonly kind: "unknown"; readonly mount: Mount }
  /** No walk of the host met it either. */
  | { readonly kind: "elsewhere" };

/** What the walks of the host met, by path. */
type HostParts = ReadonlyMap<string, PathComponent>;

/**
 * The mounts in systemd's order, each where its symlinks lead, one at a place, and none inside of what is inaccessible (measured on
 * systemd 252). Inside of an empty file system, or of another root, a place is made anew: the host's symlinks do not count there.
 */
const placed = (asked: readonly Mount[], host: HostParts): readonly Mount[] => {
  const anew: string[] = [];
  const resolved: Mount[] = [];
  for (const mount of asked.toSorted((a, b) => compare(a.at, b.at) || a.rank - b.rank)) {
    const at = realPath(mount.at, host, anew).path;
    resolved.push({ ...mount, at });
    if (mount.rank < 0 || mount.kind === "empty" || mount.kind === "foreign") anew.push(at);
  }
  resolved.sort((a, b) => compare(a.at, b.at) || a.rank - b.rank);
  const mounts: Mount[] = [];
  for (const mount of resolved) {
    const isLost = mounts.some(
      ({ at, kind, rank }) =>
        (at === mount.at && rank >= 0) || (kind === "inaccessible" && isBelow(mount.at, at)),
    );
    if (!isLost) mounts.push(mount);
  }
  return mounts.filter(({ kind }) => kind !== "kept");
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What stands at one path of the namespace. */
const stepTo = (path: string, mounts: readonly Mount[], host: HostParts): Step => {
  const mount = coverOf(path, mounts);
  const component = hostPartAt(path, mount, host);
  if (component !== undefined) return { kind: "same", component };
  if (mount === undefined) return { kind: "elsewhere" };
  if (mount.kind === "inaccessible") return { kind: "hidden", mount };
  if (mounts.some(({ at }) => isBelow(at, path)) || (mount.kind === "empty" && mount.at === path))
    return { kind: "directory" };
  return { kind: mount.kind === "empty" ? "hidden" : "unknown", mount };
};

/** The part of the host that shows at a path, where no mount covers it or a bind mount brings it. */
const hostPartAt = (
  path: string,
  mount: Mount | undefined,
  host: HostParts,
): PathComponent | undefined => {
  if (mount === undefined) return host.get(path);
  if (mount.kind !== "bind") return undefined;
  const source = realPath(mount.source ?? mount.at, host);
  return source.isKnown
    ? host.get(canonical(`${source.path}/${path.slice(mount.at.length)}`))
    : undefined;
};

/** The deepest mount over a path. */
const coverOf = (path: string, mounts: readonly Mount[]): Mount | undefined =>
  mounts
    .filter(({ at }) => path === at || isBelow(path, at))
    .reduce<Mount | undefined>(
      (deepest, mount) =>
        deepest === undefined || mount.at.length >= deepest.at.length ? mount : deepest,
      undefined,
    );

/** Where a path leads, as far as the walks of the host know its parts; from there, or below one of the places `anew`, as written. */
const realPath = (
  path: string,
  host: HostParts,
  anew: readonly string[] = [],
): { readonly path: string; readonly isKnown: boolean } => {
  const pending = path.split("/").filter(Boolean);
  let here = "/";
  let symlinks = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const next = join(here, name);
    const component = anew.some((place) => isBelow(next, place)) ? undefined : host.get(next);
    const target = component?.stat.target;
    if (target !== undefined) symlinks += 1;
    if (component === undefined || symlinks > MOST_SYMLINKS)
      return { path: [next, ...pending].join("/"), isKnown: false };
    if (target === undefined) here = component.path;
    else {
      if (target.startsWith("/")) here = "/";
      pending.unshift(...target.split("/").filter(Boolean));
    }
  }
  return { path: here, isKnown: true };
};

const hidden = (mount: Mount, path: string, isLast: boolean, reader: Reader | undefined): View => {
  const passes = reader !== undefined && reader.capabilities.size > 0;
  const covered = mount.kind === "inaccessible";
  return {
    status: "hidden",
    at: hostPath(path),
    error: !covered || (passes && !isLast) ? "ENOENT" : passes ? "empty" : "EACCES",
    setting: mount.setting,
  };
};

const unknown = ({ at, source, setting }: Mount): View => ({
  status: "unknown",
  setting,
  why: `${setting.key}= puts ${source ?? "a file system of its own"} over ${at}, and what lies there was not looked at`,
});

const join = (directory: string, name: string): string =>
  directory === "/" ? `/${name}` : `${directory}/${name}`;

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
