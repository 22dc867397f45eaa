import { daemonNix, type NixProgram } from "../nix-store.ts";

/**
 * One command that may run on another host. Its arguments are patterns that POSIX (ERE) and JavaScript read alike, each for a whole
 * argument: `words` one after the other, then any number of `rest`.
 */
export interface RemoteCommand {
  readonly program: string;
  readonly words: readonly string[];
  readonly rest?: string;
  /** What it is asked for, and what it cannot do. */
  readonly purpose: string;
}

const PATH = "/[^ ]*";
const STORE_PATH = "/nix/store/[^ /]+";
/** A step of a path that does not lead back up. */
const STEP = "/[.]?[^ /.][^ /]*";

const UNIT_DIRECTORY = "(system|system[.]control|transient|generator([.]early|[.]late)?)";

/** Second to src/host/readable.ts, which decides before a file is asked for at all. */
const READABLE = [
  "/etc/(group|hostname|machine-id|os-release|passwd|timezone)",
  "/usr/lib/os-release",
  "/proc/(uptime|sys/fs/protected_symlinks|[0-9]+/stat)",
  `/(etc|run|usr/lib|usr/local/lib|lib)/systemd/${UNIT_DIRECTORY}(${STEP})+`,
  `/(etc|run|usr/lib)/tmpfiles[.]d${STEP}`,
  `/nix/store(${STEP})+`,
  `(${STEP})+/flake`,
].join("|");

/** What journalctl is asked; each only selects what is printed and how. */
const JOURNAL_OPTIONS = [
  "--output=(json|short)",
  "--all",
  "--list-boots",
  "--header",
  "--reverse",
  "--lines=[0-9]+",
  "--(since|until)=@-?[0-9.]+",
  "--boot=[0-9a-f+-]*",
  "--field=[A-Z_]+",
  // src/collectors/platform.ts: whole, because a pattern with spaces in it would let an option pass under sudo
  "--grep=.systemd ..... ..running in ..Detected .virtualization.architecture. ",
  "--case-sensitive",
  "[+]",
  "[A-Z_]+=[^ ]*",
].join("|");

const files: readonly RemoteCommand[] = [
  {
    program: "stat",
    words: ["--printf=[^ /]+", "--"],
    rest: PATH,
    purpose: "type, mode, owner, size and times of files; opens none, follows no symlink",
  },
  {
    program: "readlink",
    words: ["--zero", "--"],
    rest: PATH,
    purpose: "where symlinks point, as written",
  },
  {
    program: "ls",
    words: ["-A", "-U", "-b", "-1", "--", PATH],
    purpose: "the names in a directory",
  },
  {
    program: "dd",
    words: [
      `if=(${READABLE})`,
      "bs=[0-9]+",
      "count=1",
      "iflag=nofollow,nonblock,fullblock",
      "status=none",
    ],
    purpose:
      "the text of unit files, store scripts and a few public files, 1 MiB of each at most; follows no symlink; writes to its output only",
  },
  {
    program: "getfacl",
    words: ["--numeric", "--absolute-names", "--physical", "--"],
    rest: PATH,
    purpose: "access control lists",
  },
  { program: "id", words: ["-u"], purpose: "whether the commands run as root" },
];

/** What a store is asked, whichever way to it is taken. */
export const NIX_QUERIES: Readonly<Record<NixProgram, readonly Omit<RemoteCommand, "program">[]>> =
  {
    "nix-store": [
      {
        words: ["--check-validity", "--print-invalid"],
        rest: STORE_PATH,
        purpose: "which store paths are valid",
      },
      {
        words: ["--query", "--referrers-closure"],
        rest: STORE_PATH,
        purpose: "what refers to a store path",
      },
      { words: ["--dump-db"], rest: STORE_PATH, purpose: "references and derivers of store paths" },
    ],
    nix: [
      {
        words: ["path-info", "--json"],
        rest: STORE_PATH,
        purpose: "when store paths were registered",
      },
    ],
  };

export const NIX_PROGRAMS = ["nix-store", "nix"] as const satisfies readonly NixProgram[];

const nix: readonly RemoteCommand[] = NIX_PROGRAMS.flatMap((program) => {
  const [, ...daemon] = daemonNix(program, []);
  return NIX_QUERIES[program].map((query) => ({
    ...query,
    program,
    words: [...daemon, ...query.words],
  }));
});

/**
 * All commands that ever run on another host: each reads. Where no Nix daemon runs there, the same queries of Nix run once more behind
 * `unshare`, in a mount namespace that takes away what they write (src/host/nix-store.ts).
 */
export const REMOTE_COMMANDS: readonly RemoteCommand[] = [
  ...files,
  {
    program: "journalctl",
    words: ["--no-pager"],
    rest: JOURNAL_OPTIONS,
    purpose: "the journal",
  },
  {
    program: "systemctl",
    words: ["--no-pager", "show", "--property=[A-Za-z,]+"],
    rest: "microvm@[^ ]+[.]service",
    purpose: "what systemd says of the units of VMs right now",
  },
  ...nix,
];

/**
 * The arguments of a command as one line for sudoers(5), which knows them only so: an argument with a space in it is then refused.
 *
 * @internal
 */
export const sudoersPattern = ({ words, rest }: RemoteCommand): string =>
  `^${words.map((word) => `(${word})`).join(" ")}${rest === undefined ? "" : `( (${rest}))*`}$`;
