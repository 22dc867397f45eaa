import type { Platform, Version } from "../evidence/platform.ts";
import type { EvidenceRef, FileRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import { journalRef, parseJsonEntry, type JournalEntry } from "../journal/entry.ts";
import { hostPath, storePathOf } from "../vocabulary.ts";
import { lossOf } from "./losses.ts";
import { fileRef, walkPath } from "./path-walk.ts";
import { storeName } from "./store-path.ts";

const DEVICES = {
  kvm: "/dev/kvm",
  tpm: "/dev/tpmrm0",
  vsock: "/dev/vhost-vsock",
  tun: "/dev/net/tun",
} as const;

/** What PID 1 says at its start: `systemd 257.9 running in system mode (...)`, and in which container (src/core/main.c). */
const BANNER = /^systemd (?<version>\S+) .*running in /u;
const CONTAINER =
  /^Detected virtualization (?<kind>systemd-nspawn|lxc|lxc-libvirt|docker|podman|openvz|rkt|wsl|container-other)\b/u;
const ARCHITECTURE = /^Detected architecture (?<name>[\w-]+)/u;

/**
 * The function that says it, where journald runs already (src/core/main.c, 252 to 262); before that PID 1 writes to the kernel's log, which
 * takes its name and not its id (src/journal/journald-kmsg.c). Without these every line of PID 1 would have to be looked at.
 */
const BANNER_MATCHES = [
  "_PID=1",
  "CODE_FUNC=log_execution_mode",
  "+",
  "_TRANSPORT=kernel",
  "SYSLOG_IDENTIFIER=systemd",
] as const;

/** Only root writes to the kernel's log, and nobody else under the kernel's name. */
const isOfManager = ({ author, identifier }: JournalEntry): boolean =>
  author === "manager" || (author === "kernel" && identifier === "systemd");

/** Versions and devices that rules about them need. Nothing here is required: what is not found stays unknown. */
export const collectPlatform = async (host: Host): Promise<Platform> => {
  const [words, held, container, devices, directory] = await Promise.all([
    wordsOfManager(host),
    systemdOfSystem(host),
    containerFile(host),
    Promise.all(
      Object.entries(DEVICES).map(async ([name, path]) => {
        const stat = await host.lstat(hostPath(path));
        if (lossOf(stat) !== undefined) return undefined;
        return stat.status === "present" ? [[name, fileRef(hostPath(path), stat.value)]] : [];
      }),
    ),
    host.list(hostPath("/dev")),
  ]);
  const systemd = words.systemd ?? held;
  const contained = words.container ?? container;
  return {
    ...(systemd === undefined ? {} : { systemd }),
    ...(words.architecture === undefined ? {} : { architecture: words.architecture }),
    ...(contained === undefined ? {} : { container: contained }),
    devices: Object.fromEntries(devices.flatMap((found) => found ?? [])),
    hasDevices:
      directory.status === "present" &&
      directory.value.length > 0 &&
      devices.every((found) => found !== undefined),
    ...(words.problem === undefined ? {} : { problem: words.problem }),
  };
};

interface ManagerWords {
  problem?: string;
  systemd?: Version;
  architecture?: string;
  container?: { readonly kind: string; readonly ref: EvidenceRef };
}

/** The newest boot's words: older ones may be of another systemd. */
const wordsOfManager = async (host: Host): Promise<ManagerWords> => {
  const { stdout } = await host.run({
    program: "journalctl",
    args: [
      "--output=json",
      "--grep=^systemd [^ ]+ .*running in |^Detected (virtualization|architecture) ",
      "--case-sensitive",
      ...BANNER_MATCHES,
    ],
  });
  const words: ManagerWords = {};
  for (const line of stdout.split("\n")) {
    if (line === "") continue;
    const entry = parseJsonEntry(Buffer.from(line));
    if (entry === undefined)
      words.problem = "what systemd said at its start could not be understood";
    if (entry === undefined || !isOfManager(entry)) continue;
    const ref = journalRef(entry);
    const systemd = versionOf(BANNER.exec(entry.message)?.groups?.["version"], ref);
    const architecture = ARCHITECTURE.exec(entry.message)?.groups?.["name"];
    const kind = CONTAINER.exec(entry.message)?.groups?.["kind"];
    if (systemd !== undefined) words.systemd = systemd;
    if (architecture !== undefined) words.architecture = nameOfArchitecture(architecture);
    if (kind !== undefined) words.container = { kind, ref };
  }
  return words;
};

/** systemd writes `x86-64` and `arm64` where Nix and the kernel write `x86_64` and `aarch64`. */
const nameOfArchitecture = (name: string): string =>
  name.replace("x86-64", "x86_64").replace("arm64", "aarch64");

const versionOf = (text: string | undefined, ref: EvidenceRef): Version | undefined => {
  const major = Number(/^\d+/u.exec(text ?? "")?.[0]);
  return text === undefined || !Number.isInteger(major) || major === 0
    ? undefined
    : { text, major, ref };
};

/** `/run/current-system/systemd` leads to `...-systemd-257.9` (nixpkgs nixos/modules/system/activation). */
const systemdOfSystem = async (host: Host): Promise<Version | undefined> => {
  for (const path of ["/run/booted-system/systemd", "/run/current-system/systemd"]) {
    const walk = await walkPath(host, hostPath(path));
    const store = storePathOf(walk.file?.path ?? "");
    const version = /^systemd-(?<version>\d[\w.]*)$/u.exec(
      store === undefined ? "" : storeName(store),
    );
    const found = versionOf(version?.groups?.["version"], walk.ref);
    if (found !== undefined) return found;
  }
  return undefined;
};

const containerFile = async (
  host: Host,
): Promise<{ readonly kind: string; readonly ref: FileRef } | undefined> => {
  const path = hostPath("/run/systemd/container");
  const stat = await host.lstat(path);
  return stat.status === "present"
    ? { kind: "container", ref: fileRef(path, stat.value) }
    : undefined;
};
