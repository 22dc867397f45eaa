import type { FileStat } from "../evidence/reference.ts";
import type { HostPath } from "../vocabulary.ts";

/** Files that everyone on a host may know: accounts, names, versions. */
const PUBLIC_FILES = new Set([
  "/etc/group",
  "/etc/hostname",
  "/etc/machine-id",
  "/etc/os-release",
  "/etc/passwd",
  "/etc/timezone",
  "/proc/sys/fs/protected_symlinks",
  "/proc/uptime",
  "/usr/lib/os-release",
]);

/** Directories of systemd.unit(5) that hold unit files and drop-ins. */
const UNIT_DIRECTORIES =
  /^\/(?:etc|run|usr\/lib|usr\/local\/lib|lib)\/systemd\/(?:system|system\.control|transient|generator(?:\.early|\.late)?)\//u;
const UNIT_FILE = /\.(?:service|socket|target|mount|path|timer|slice|conf)$/u;
/** What systemd-tmpfiles makes at boot: names and modes. */
const TMPFILES_FILE = /^\/(?:etc|run|usr\/lib)\/tmpfiles\.d\/[^/]+\.conf$/u;
/** proc_pid_stat(5): what everybody sees in ps. */
const PROCESS_STAT = /^\/proc\/\d+\/stat$/u;
const STORE_FILE = /^\/nix\/store\/[0-9a-z]{32}-/u;
/** Files of the store are world-readable even where they are keys that should never have come there. */
const KEY_NAME =
  /(?:\.(?:key|pem|p12|pfx|jks|keytab|psk|age|gpg|asc|kdbx|env|secret|token|passw(?:or)?d|htpasswd|ovpn)|[/-](?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|\.netrc|\.pgpass))$/iu;
/** The text file that `microvm -c` and `install-microvm-X` leave in a VM's state directory, wherever the directories of the VMs are. */
const FLAKE_FILE = /^\/[^/]+\/(?:[^/]+\/)*[^/]+\/flake$/u;
const MOST_FLAKE_BYTES = 4096;
const OTHERS_READ = 0o004;

/**
 * Says why a file must not be opened, or nothing where it may.
 * Deny by default: only unit files, store files and a few public files pass, where everyone may read them; what lies below a secret root,
 * or is one of its files under a second name, never does. `path` has no symlink left in it.
 */
export const whyNotPublic = (path: HostPath, stat: FileStat): string | undefined => {
  if (stat.type !== "file") return `${NO_FILE}${stat.type}`;
  if (!isOfPublicKind(path, stat)) return WHY.kind;
  if ((stat.mode & OTHERS_READ) === 0) return WHY.mode;
  if (STORE_FILE.test(path)) return KEY_NAME.test(path) ? WHY.key : undefined;
  // Files of the store have many names where it was optimised; elsewhere a second name is somebody's doing.
  return (stat.links ?? 1) > 1 ? WHY.second : undefined;
};

const NO_FILE = "it is a ";
const WHY = {
  kind: "files of this kind are never opened",
  mode: "not everyone may read it",
  key: "its name is that of a key",
  second: "it has a second name, which may be a secret's",
} as const;

/** Whether the reason of a refusal is one of `whyNotPublic`: the file was found, and is kept closed whatever happens. */
export const isRefusedByRule = (reason: string): boolean =>
  isNoFile(reason) || Object.values<string>(WHY).includes(reason);

/** Whether it is that no file is there but a device, a directory or the like: systemd masks a unit so. */
export const isNoFile = (reason: string): boolean => reason.startsWith(NO_FILE);

const isOfPublicKind = (path: HostPath, { size }: FileStat): boolean =>
  PUBLIC_FILES.has(path) ||
  (UNIT_DIRECTORIES.test(path) && UNIT_FILE.test(path)) ||
  TMPFILES_FILE.test(path) ||
  PROCESS_STAT.test(path) ||
  STORE_FILE.test(path) ||
  (FLAKE_FILE.test(path) && size <= MOST_FLAKE_BYTES && !isSecretRoot(path));

const SECRET_ROOT =
  /^\/(?:run\/(?:secrets|agenix|credentials|user-secrets|partitioning-secrets|keys)|etc\/(?:credstore|secret|ssh)|root|home|var\/lib\/(?:sops-nix|systemd\/credential))/u;

/** A directory that its name calls one of secrets, and one that is hidden. */
const SECRET_DIRECTORY =
  /\/(?:\.[^/]*|[^/]*(?:secret|credential|credstore|agenix|sops|passw|private|vault)[^/]*|keys?)\//iu;

/** A VM may be called `vault`. */
const isSecretRoot = (path: HostPath): boolean =>
  SECRET_ROOT.test(path) ||
  SECRET_DIRECTORY.test(path.replace(/(?<=\/microvms\/)[^/]+(?=\/flake$)/u, ""));
