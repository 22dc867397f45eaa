import { bulkArgs, bulkStream, isBulk } from "./bulk-journal.ts";
import type { Host } from "./host.ts";
import { fileTree } from "./file-tree.ts";
import { readGit } from "./git.ts";
import {
  coveredNix,
  DAEMON_SOCKET,
  daemonNix,
  NO_SUCH_PROGRAM,
  STORE_DATABASE,
  type NixProgram,
} from "./nix-store.ts";
import { journalOnly, type JournalReader } from "./journal-reader.ts";
import { localFiles } from "./local-files.ts";
import { maskedHost } from "./masked-host.ts";
import { localPrograms, type Programs } from "./process.ts";
import type { RawFiles } from "./raw-files.ts";
import { hostPath } from "../vocabulary.ts";
import type { Command, CommandResult } from "./host.ts";

/** Where the journal is read from when it is not the host's own. */
export interface JournalSource {
  readonly directory?: string;
  readonly files?: readonly string[];
}

/**
 * The host whose file system begins at `root`: this machine for `/`, a mounted disk or a container's tree elsewhere.
 * Only a live host with its own journal has a systemd that can be asked; everywhere else unit files speak for it.
 */
export const openHost = (root: string, journal: JournalSource = {}, seconds?: number): Host => {
  const here = root === "/";
  const live = here && journal.directory === undefined && journal.files === undefined;
  return hostOf({
    files: localFiles(root),
    programs: localPrograms(seconds),
    root,
    journal: journalArgs(root, journal),
    isRoot: async () => process.getuid?.() === 0,
    live,
    origin: here ? "this host" : root,
  });
};

/** What a host is made of. */
interface HostParts {
  readonly files: RawFiles;
  readonly programs: Programs;
  /** Where its file system lies for the programs. */
  readonly root: string;
  /** What tells journalctl which journal to read; empty for the host's own. */
  readonly journal: readonly string[];
  readonly isRoot: () => Promise<boolean>;
  readonly live: boolean;
  readonly origin: string;
}

/** The host that these files and programs are of. */
export const hostOf = ({
  files,
  programs: { runToEnd, runAsStream, runAsBytes },
  root,
  journal,
  isRoot,
  live,
  origin,
}: HostParts): Host => {
  const tree = fileTree(files);
  const here = root === "/";

  const nix = async (program: NixProgram, args: readonly string[]): Promise<CommandResult> => {
    if (here && (await tree.lstat(hostPath(DAEMON_SOCKET))).status === "present")
      return runToEnd(daemonNix(program, args));
    if ((await tree.lstat(hostPath(STORE_DATABASE))).status !== "present") {
      return notPossible(
        `there is no Nix database at ${STORE_DATABASE}, and asking would create one`,
      );
    }
    // Not even `--version` comes first: nix-store opens its store before it looks at its arguments (Nix 2.8.0, traced).
    const result = await runToEnd(coveredNix(program, root, args, await isRoot()));
    return result.exitCode === NO_SUCH_PROGRAM
      ? { ...result, exitCode: null, failure: "not-installed" }
      : result;
  };

  /** Output of getfacl repeats the paths it was given; ours are the host's. */
  const accessLists = async (args: readonly string[]): Promise<CommandResult> => {
    if (here) return runToEnd(["getfacl", ...args]);
    const result = await runToEnd([
      "getfacl",
      ...args.map((arg) => (arg.startsWith("/") ? `${root}${arg}` : arg)),
    ]);
    return { ...result, stdout: result.stdout.replaceAll(`# file: ${root}/`, "# file: /") };
  };

  const journalctl = (args: readonly string[]): readonly [string, ...string[]] => [
    "journalctl",
    "--no-pager",
    ...journal,
    ...args,
  ];

  return maskedHost({
    ...tree,
    kind: live ? "live" : "root",
    ownJournal: live,
    origin,
    async run({ program, args }: Command) {
      switch (program) {
        case "journalctl":
          return withoutRoot(await runToEnd(journalctl(args)), root);
        case "nix-store":
        case "nix":
          return nix(program, args);
        case "git":
          return readGit(args);
        case "getfacl":
          return accessLists(args);
        case "systemctl":
          return live
            ? runToEnd(["systemctl", "--no-pager", ...args])
            : notPossible("no systemd runs there");
      }
    },
    stream({ program, args }) {
      if (program !== "journalctl") return runAsStream([program, ...args]);
      return runAsBytes !== undefined && isBulk(args)
        ? bulkStream(runAsBytes(journalctl(bulkArgs(args))))
        : runAsStream(journalctl(args));
    },
  });
};

/** Paths in what a program prints are the host's own, not those of the machine that looks. */
const withoutRoot = (result: CommandResult, root: string): CommandResult =>
  root === "/"
    ? result
    : {
        ...result,
        stdout: result.stdout.replaceAll(`${root}/`, "/"),
        stderr: result.stderr.replaceAll(`${root}/`, "/"),
      };

/** Only a journal, without the files of the host that wrote it. */
export const openJournal = (journal: JournalSource): Host => {
  const whole = openHost("/", journal);
  const reader: JournalReader = {
    run: (args) => whole.run({ program: "journalctl", args }),
    stream: (args) => whole.stream({ program: "journalctl", args }),
  };
  return journalOnly(reader, "a journal");
};

const notPossible = (stderr: string): CommandResult => ({
  exitCode: null,
  stdout: "",
  stderr,
  failure: "not-possible",
});

const journalArgs = (root: string, { directory, files }: JournalSource): readonly string[] => {
  if (directory !== undefined) return [`--directory=${directory}`];
  if (files !== undefined && files.length > 0) return files.map((file) => `--file=${file}`);
  return root === "/" ? [] : [`--root=${root}`];
};
