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
/** The text file that `microvm -c` and `install-microvm-X` leave in a VM's state directory. */
const FLAKE_FILE = /\/[^/]+\/flake$/u;
const MOST_FLAKE_BYTES = 4096;
const OTHERS_READ = 0o004;

/**
 * Says why a file must not be opened, or nothing where it may.
 * Deny by default: only unit files, world-readable store files and a few public files pass; a secret root never does.
 * `path` has no symlink left in it.
 */
export const whyNotPublic = (path: HostPath, stat: FileStat): string | undefined => {
  if (stat.type !== "file") return `it is a ${stat.type}`;
  if (PUBLIC_FILES.has(path)) return undefined;
  if (UNIT_DIRECTORIES.test(path) && UNIT_FILE.test(path)) return undefined;
  if (TMPFILES_FILE.test(path) || PROCESS_STAT.test(path)) return undefined;
  if (STORE_FILE.test(path))
    return (stat.mode & OTHERS_READ) === 0 ? "not everyone may read it" : undefined;
  if (FLAKE_FILE.test(path) && !isSecretRoot(path) && stat.size <= MOST_FLAKE_BYTES)
    return undefined;
  return "files of this kind are never opened";
};

const SECRET_ROOT =
  /^\/(?:run\/(?:secrets|agenix|credentials|user-secrets|partitioning-secrets|keys)|etc\/(?:credstore|secret|ssh)|root|home|var\/lib\/(?:sops-nix|systemd\/credential))/u;

const isSecretRoot = (path: HostPath): boolean => SECRET_ROOT.test(path);
