import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { Runner, SecretChannel } from "../evidence/runner.ts";
import type { PathWalk } from "../evidence/secret-files.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath, type StorePath, storePathOf } from "../vocabulary.ts";
import { fileRef, walkPath } from "./path-walk.ts";
import { readRunnerScript, type RunnerText } from "./runner-script.ts";
import { runnerDirectoryName, runnerScriptGuest, storeName } from "./store-path.ts";

/** The runner in a directory that holds `bin/microvm-run`; nothing where there is no such script. */
export const readRunner = async (
  host: Host,
  directory: HostPath,
  store: StorePath | undefined,
): Promise<Collected<Runner> | undefined> => {
  const found = await readScript(host, hostPath(`${directory}/bin/microvm-run`));
  if (found === undefined || found.status === "unavailable") return found;
  const shares = await virtiofsShares(host, directory);
  const name = store === undefined ? undefined : runnerDirectoryName(storeName(store));
  const runner = found.value;
  return collected({
    ...runner,
    ...(store === undefined ? {} : { directory: store }),
    ...(name === undefined ? {} : { hypervisor: name.hypervisor, guestName: name.guestName }),
    channels: [...runner.channels, ...shares],
  });
};

/** One runner script by its path, symlinks followed. The content is public by the rules of the host's door, or not read at all. */
export const readScript = async (
  host: Host,
  path: HostPath,
): Promise<Collected<Runner> | undefined> => {
  const walk = await walkPath(host, path);
  if (walk.end === "absent" || walk.file === undefined) {
    return walk.end === "denied" ? unreached(walk) : undefined;
  }
  const script = walk.file.path;
  const text = await host.readText(script);
  if (text.status !== "present") {
    const why = text.status === "refused" ? text.reason : text.status;
    return unavailable("failed", `${script} was not read: ${why}`, walk.ref);
  }
  const { goesOnIn, passesAllOn: _passesAllOn, ...own } = readRunnerScript(script, text.value);
  const extra = await Promise.all(
    own.channels.filter(isArgumentsScript).map(({ path: behind }) => followed(host, behind)),
  );
  const standIns = await standInsIn(host, goesOnIn);
  const behind = [...extra.flatMap((one) => one ?? []), ...standIns];
  const platforms = [
    ...(own.platforms ?? []),
    ...extra.flatMap((one) => one?.platforms ?? []),
    ...standIns.flatMap((one) => (one.passesAllOn ? (one.platforms ?? []) : [])),
  ];
  const store = storePathOf(script);
  const guest = store === undefined ? undefined : runnerScriptGuest(storeName(store));
  const directory =
    own.credentialsDirectory ??
    behind.find(({ credentialsDirectory }) => credentialsDirectory)?.credentialsDirectory;
  const refused =
    own.importRefused ?? behind.find(({ importRefused }) => importRefused)?.importRefused;
  return collected({
    ...own,
    ...(directory === undefined ? {} : { credentialsDirectory: directory }),
    ...(refused === undefined ? {} : { importRefused: refused }),
    ...(platforms.length === 0 ? {} : { platforms }),
    channels: [...own.channels, ...behind.flatMap(({ channels }) => channels)],
    reads: [...own.reads, ...behind.flatMap(({ reads }) => reads)],
    script,
    ...(store === undefined ? {} : { scriptStore: store }),
    ...(guest === undefined ? {} : { guestName: guest }),
    ref: fileRef(script, walk.file.stat),
    size: walk.file.stat.size,
  });
};

const unreached = ({ path, stopped = path, why }: PathWalk): Collected<never> =>
  why === undefined
    ? unavailable("permission-denied", `${stopped} may not be looked at`)
    : unavailable("failed", `${stopped} could not be looked at: ${why}`);

type ArgumentsScript = Extract<SecretChannel, { kind: "arguments-script" }>;
const isArgumentsScript = (channel: SecretChannel): channel is ArgumentsScript =>
  channel.kind === "arguments-script";

const followed = async (host: Host, path: HostPath): Promise<RunnerText | undefined> => {
  const text = await host.readText(path);
  return text.status === "present" ? readRunnerScript(path, text.value) : undefined;
};

/** A script or a configuration that somebody wrote; a VMM's own binary is far larger. */
const MOST_BYTES = 131_072;
const MOST_STEPS = 4;

/** What stands between the runner and the VMM, one behind the other: `cloud-hypervisor.package` may be a wrapper (microvm.nix 82fa24f). */
const standInsIn = async (
  host: Host,
  paths: readonly HostPath[],
  steps = MOST_STEPS,
): Promise<readonly RunnerText[]> => {
  if (steps === 0) return [];
  const found = await Promise.all(
    paths.map(async (path): Promise<readonly RunnerText[]> => {
      const { end, file } = await walkPath(host, path);
      if (end !== "present" || file === undefined || file.stat.size > MOST_BYTES) return [];
      const text = await host.readText(file.path);
      if (text.status !== "present" || !/^(?:#!|\s*\{)/u.test(text.value)) return [];
      const own = readRunnerScript(file.path, text.value);
      return [own, ...(await standInsIn(host, own.goesOnIn, steps - 1))];
    }),
  );
  return found.flat();
};

/** `share/microvm/virtiofs/<tag>/source` holds the path that virtiofsd serves. */
const virtiofsShares = async (
  host: Host,
  directory: HostPath,
): Promise<readonly SecretChannel[]> => {
  const base = hostPath(`${directory}/share/microvm/virtiofs`);
  const tags = await host.list(base);
  if (tags.status !== "present") return [];
  const shares = await Promise.all(
    tags.value.map(async (tag): Promise<readonly SecretChannel[]> => {
      const file = hostPath(`${base}/${tag}/source`);
      const text = await host.readText(file);
      const path = text.status === "present" ? text.value.trim() : "";
      if (!path.startsWith("/")) return [];
      return [
        {
          kind: "share",
          protocol: "virtiofs",
          tag,
          path: hostPath(path),
          ref: { kind: "file", path: file, line: 1, text: path },
        },
      ];
    }),
  );
  return shares.flat();
};
