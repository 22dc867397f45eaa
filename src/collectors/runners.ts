import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { Runner, SecretChannel } from "../evidence/runner.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath, type StorePath, storePathOf } from "../vocabulary.ts";
import { fileRef, walkPath } from "./path-walk.ts";
import { readRunnerScript } from "./runner-script.ts";
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
    return walk.end === "denied"
      ? unavailable("permission-denied", `${walk.stopped ?? path} may not be looked at`)
      : undefined;
  }
  const script = walk.file.path;
  const text = await host.readText(script);
  if (text.status !== "present") {
    const why = text.status === "refused" ? text.reason : text.status;
    return unavailable("failed", `${script} was not read: ${why}`, walk.ref);
  }
  const own = readRunnerScript(script, text.value);
  const behind = await Promise.all(
    own.channels.filter(isArgumentsScript).map(({ path: extra }) => followed(host, extra)),
  );
  const platforms = [
    ...(own.platforms ?? []),
    ...behind.flatMap((extra) => extra?.platforms ?? []),
  ];
  const store = storePathOf(script);
  const guest = store === undefined ? undefined : runnerScriptGuest(storeName(store));
  const directory =
    own.credentialsDirectory ??
    behind.find((extra) => extra?.credentialsDirectory)?.credentialsDirectory;
  return collected({
    ...own,
    ...(directory === undefined ? {} : { credentialsDirectory: directory }),
    ...(platforms.length === 0 ? {} : { platforms }),
    channels: [...own.channels, ...behind.flatMap((extra) => extra?.channels ?? [])],
    reads: [...own.reads, ...behind.flatMap((extra) => extra?.reads ?? [])],
    script,
    ...(store === undefined ? {} : { scriptStore: store }),
    ...(guest === undefined ? {} : { guestName: guest }),
    ref: fileRef(script, walk.file.stat),
    size: walk.file.stat.size,
  });
};

type ArgumentsScript = Extract<SecretChannel, { kind: "arguments-script" }>;
const isArgumentsScript = (channel: SecretChannel): channel is ArgumentsScript =>
  channel.kind === "arguments-script";

const followed = async (
  host: Host,
  path: HostPath,
): Promise<ReturnType<typeof readRunnerScript> | undefined> => {
  const text = await host.readText(path);
  return text.status === "present" ? readRunnerScript(path, text.value) : undefined;
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
