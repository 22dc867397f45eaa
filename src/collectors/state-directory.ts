import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type {
  Flavour,
  RunnerLinkName,
  StateDirectory,
  StateLink,
} from "../evidence/state-directory.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath, type VmName, storePathOf } from "../vocabulary.ts";
import { whyLost } from "./losses.ts";
import { absentRef, fileRef, walkPath } from "./path-walk.ts";
import { runnerDirectoryName, storeName } from "./store-path.ts";

const LINKS: readonly RunnerLinkName[] = ["current", "booted", "old", "toplevel"];

/** The VM's directory below microvm.stateDir, with each link followed hop by hop. */
export const collectStateDirectory = async (
  host: Host,
  stateRoot: HostPath,
  vm: VmName,
  installer: InstallUnit,
): Promise<Collected<StateDirectory>> => {
  const path = hostPath(`${stateRoot}/${vm}`);
  const found = await host.lstat(path);
  if (found.status === "absent") {
    // Without the directory of all VMs nothing says that this host, or this copy of it, keeps them there.
    const above = await host.lstat(stateRoot);
    if (above.status !== "present" && above.status !== "absent")
      return unavailable(
        above.status === "denied" ? "permission-denied" : "failed",
        `${stateRoot} could not be looked at: ${whyLost(above)}`,
      );
    return above.status === "present"
      ? collected({
          path,
          ref: absentRef(path),
          links: {},
          flavour: flavourOf({}, undefined, installer),
        })
      : unavailable("not-found", `${path} does not exist`, absentRef(path));
  }
  if (found.status !== "present")
    return found.status === "denied"
      ? unavailable("permission-denied", `${path} could not be looked at`)
      : unavailable("failed", `${path} could not be looked at: ${whyLost(found)}`);
  const ref = fileRef(path, found.value);
  const entries = await host.list(path);
  if (entries.status !== "present") {
    return unavailable(
      entries.status === "refused" ? "failed" : "permission-denied",
      `${path} could not be listed: ${found.value.type === "directory" ? (entries.status === "refused" ? entries.reason : entries.status) : `it is a ${found.value.type}`}`,
      ref,
    );
  }
  const pairs = await Promise.all(
    LINKS.map(async (name) => [name, await readLink(host, path, name)] as const),
  );
  const links: Partial<Record<RunnerLinkName, StateLink>> = {};
  for (const [name, link] of pairs) if (link !== undefined) links[name] = link;
  const flake = await readFlake(host, path);
  return collected({
    path,
    ref,
    links,
    ...(flake === undefined ? {} : { flake: { reference: flake.text.trim(), ref: flake.ref } }),
    flavour: flavourOf(links, flake?.text, installer),
  });
};

/** What is known of `install-microvm-VM.service`: not there, there, or there with a condition that freezes an existing VM. */
export type InstallUnit = "none" | "installs" | "frozen";

const readLink = async (
  host: Host,
  directory: HostPath,
  name: RunnerLinkName,
): Promise<StateLink | undefined> => {
  const start = hostPath(`${directory}/${name}`);
  const own = await host.lstat(start);
  if (own.status === "absent") return undefined;
  if (own.status !== "present")
    return {
      name,
      hops: [{ kind: "file", path: start }],
      end: own.status === "loop" ? "loop" : "denied",
      ...(own.status === "refused" ? { why: own.reason } : {}),
    };
  const first = fileRef(start, own.value);
  const walk = await walkPath(host, start);
  const behind = walk.components
    .filter(
      ({ path, stat }) =>
        stat.type === "symlink" && path !== start && !start.startsWith(`${path}/`),
    )
    .map(({ path, stat }) => fileRef(path, stat));
  const end = walk.end === "present" ? "resolved" : walk.end === "absent" ? "dangling" : walk.end;
  const target = own.value.target;
  const store = storePathOf(walk.file?.path ?? "") ?? storePathOf(target ?? "");
  return {
    name,
    hops: [first, ...behind, ...(walk.end === "absent" ? [walk.ref] : [])],
    end,
    ...(walk.why === undefined ? {} : { why: walk.why }),
    ...(store === undefined ? {} : { store }),
  };
};

const readFlake = async (
  host: Host,
  directory: HostPath,
): Promise<{ text: string; ref: FileRef } | undefined> => {
  const path = hostPath(`${directory}/flake`);
  const [stat, content] = await Promise.all([host.lstat(path), host.readText(path)]);
  if (stat.status !== "present" || content.status !== "present") return undefined;
  return { text: content.value, ref: { ...fileRef(path, stat.value), text: content.value.trim() } };
};

const flavourOf = (
  links: StateDirectory["links"],
  flake: string | undefined,
  installer: InstallUnit,
): Flavour => {
  const { current, toplevel } = links;
  if (current?.store !== undefined && isHandMade(current)) return "hand-made";
  if (toplevel !== undefined && flake !== undefined) return "mixed";
  if (toplevel !== undefined) return "declarative";
  if (flake !== undefined) {
    if (installer === "frozen") return "flake-frozen";
    return installer === "installs" || flake.endsWith("\n") ? "flake" : "imperative";
  }
  if (installer !== "none") return "declarative";
  return links.old === undefined ? "unknown" : "deployed";
};

/** microvm.nix links straight to a runner's directory; anything else was put there by somebody. */
const isHandMade = (current: StateLink): boolean =>
  current.end === "resolved" &&
  current.store !== undefined &&
  runnerDirectoryName(storeName(current.store)) === undefined;

/** Names of the directories below the state root; an unreadable root is a gap of the caller's. */
export const listStateDirectories = async (
  host: Host,
  stateRoot: HostPath,
): Promise<readonly string[] | undefined> => {
  const entries = await host.list(stateRoot);
  if (entries.status === "absent") return [];
  if (entries.status !== "present") return undefined;
  const kinds = await Promise.all(
    entries.value.map(async (name) => {
      const stat = await host.lstat(hostPath(`${stateRoot}/${name}`));
      return stat.status === "present" && stat.value.type === "directory";
    }),
  );
  return entries.value.filter((_, index) => kinds[index]);
};
