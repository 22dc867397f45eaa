/**
 * Opening a local store is never a pure read: as root, nix-store creates `.links`, profiles and GC-root directories, sets their
 * modes and owners, and opens the database for writing (Nix 2.8.0, traced). So it runs in a mount namespace of its own in which
 * the store and its state are covered by an overlay in memory: what it writes is gone with the process. Without `-n`, mount(8) would make
 * /run/mount on the host.
 *
 * An overlay copies a file as a whole when it is opened for writing, which for a database of 500,000 paths is 300 MB of memory in each call. So
 * the database itself is shown read-only, where the kernel lets us: SQLite then opens it for reading, with its journal beside it in memory
 * (https://sqlite.org/wal.html, "Read-Only Databases").
 */
const COVERED = `
set -e
cd "$1"; shift
database=
mount -n -t tmpfs -o mode=0755 tmpfs /sys
mkdir /sys/home /sys/store /sys/store-work /sys/state /sys/state-work
mount -n -t overlay -o lowerdir=nix/store,upperdir=/sys/store,workdir=/sys/store-work overlay nix/store
: > /sys/database
if mount -n --bind nix/var/nix/db/db.sqlite /sys/database && mount -n -o remount,bind,ro /sys/database
then database=/sys/database; fi 2>/dev/null
mount -n -t overlay -o lowerdir=nix/var/nix,upperdir=/sys/state,workdir=/sys/state-work overlay nix/var/nix
if [ "$database" ]; then mount -n --bind "$database" nix/var/nix/db/db.sqlite; fi
export HOME=/sys/home
exec "$@"
`;

export const STORE_DATABASE = "/nix/var/nix/db/db.sqlite";
export const DAEMON_SOCKET = "/nix/var/nix/daemon-socket/socket";

/** The programs of Nix that ask a store, each with the options that keep it from asking anybody else. */
const PROGRAMS = {
  "nix-store": [],
  // `path-info` is called experimental to this day; without `--offline` it asks binary caches for what is not here.
  nix: ["--extra-experimental-features", "nix-command", "--offline"],
} as const;

export type NixProgram = keyof typeof PROGRAMS;

/** What sh(1) ends with where there is no such program. Asking for its version would tell too, and writes to this machine's store. */
export const NO_SUCH_PROGRAM = 127;

/** `unshare` and its arguments for a program of Nix on the store below `root`; nothing on the host changes. */
export const coveredNix = (
  program: NixProgram,
  root: string,
  args: readonly string[],
  isRoot: boolean,
): readonly [string, ...string[]] => [
  "unshare",
  ...(isRoot ? [] : ["--user", "--map-root-user"]),
  "--mount",
  "--propagation",
  "private",
  "sh",
  "-c",
  COVERED,
  "sh",
  root,
  program,
  ...PROGRAMS[program],
  "--option",
  "build-users-group",
  "",
  ...(root === "/" ? [] : ["--store", root]),
  ...args,
];

/** The daemon asks its own database; nothing is opened by us (Nix 2.8.0, traced for both programs). */
export const daemonNix = (
  program: NixProgram,
  args: readonly string[],
): readonly [string, ...string[]] => [program, ...PROGRAMS[program], "--store", "daemon", ...args];
