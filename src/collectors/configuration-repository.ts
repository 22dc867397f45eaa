import type {
  ConfigurationRepository,
  LockedMicrovm,
  RepositoryHead,
  Search,
  Stash,
} from "../evidence/configuration-repository.ts";
import { lineKey, lookedAt } from "../evidence/coverage.ts";
import type { CommandRef, CoverageRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import type { VmName } from "../vocabulary.ts";
import { lockedMicrovm } from "./flake-lock.ts";
import { LOG_FORMAT, parseLog } from "./git-log.ts";
import {
  forked,
  repositoryIn,
  searchFor,
  shortHash,
  whyNot,
  type HistoryShape,
  type Question,
  type Repository,
} from "./repository-search.ts";

/** What a runner of microvm.nix is customised with (options.nix and lib/runner.nix at 71beea0), and what such scripts use. */
const CUSTOMISATION = [
  "binScripts",
  "microvm-run",
  "declaredRunner",
  "CREDENTIALS_DIRECTORY",
  "extraArgsScript",
  "preStart",
  "credentialFiles",
  "platformOEMStrings",
];

const FILES_OF_NIX = [":(top,glob)**/*.nix", ":(top,glob)**/flake.lock"];
const MOST_FILES = 100;

/** What the repository holds whichever VM is asked about, and the way to ask it more. */
export interface RepositoryBasics {
  readonly repository: Repository;
  readonly found: ConfigurationRepository;
  readonly shape: HistoryShape;
}

/** Looks at the repository in `directory`, one of the machine that looks, and searches it for customisations of runners. */
export const collectRepositoryBasics = async (
  host: Host,
  directory: string,
): Promise<RepositoryBasics> => {
  const repository = repositoryIn(host, directory);
  const { problems } = repository;
  const kind = await repository.git([
    "rev-parse",
    "--is-inside-work-tree",
    "--is-shallow-repository",
  ]);
  const isRepository = kind.exitCode === 0;
  const [insideWorkTree, shallow] = kind.stdout.split("\n").map((line) => line === "true");
  if (!isRepository)
    problems.push(`the history of ${directory} could not be searched: ${whyNot(kind)}`);
  if (shallow === true)
    problems.push(`the history of ${directory} is cut off: it is a shallow clone`);
  const head = isRepository ? await readHead(repository) : undefined;
  const stashes = isRepository ? await readStashes(repository) : [];
  const shape = { hasHead: head !== undefined, isShallow: shallow === true };
  const status = insideWorkTree === true ? await readStatus(repository) : UNKNOWN_STATUS;
  const locks = await readLocks(repository, head !== undefined, insideWorkTree === true);
  const searches = isRepository
    ? await searchAll(
        repository,
        CUSTOMISATION.map((text) => ({ text, kind: "customisation" })),
        shape,
      )
    : [];
  return {
    repository,
    shape,
    found: {
      directory,
      ...(head === undefined ? {} : { head }),
      searches,
      stashes,
      ...status,
      locks,
      searched: coverageOfSearch(
        `all refs, reflogs and ${stashes.length} ${stashes.length === 1 ? "stash" : "stashes"} of ${directory}; what was dropped from all of these is not searched`,
      ),
      problems,
    },
  };
};

const coverageOfSearch = (text: string): CoverageRef => ({
  kind: "coverage",
  source: "configuration repository",
  text,
  ledger: [lineKey(lookedAt("configuration-repository", text))],
});

/** What is asked for one VM: its name, and the variables that a runner in the store assigns and no installed one does. */
export interface RepositoryQuestion {
  readonly vm: VmName;
  readonly runnerNames: readonly string[];
}

/** The repository with what it holds of one VM. */
export const collectConfigurationRepository = async (
  { repository, found, shape }: RepositoryBasics,
  { vm, runnerNames }: RepositoryQuestion,
): Promise<ConfigurationRepository> => {
  if (found.searches.length === 0) return found;
  const own = forked(repository);
  const questions: readonly Question[] = [
    { text: vm, kind: "vm" },
    ...runnerNames.map((text) => ({ text, kind: "runner" as const })),
  ];
  const searches = await searchAll(own, questions, shape);
  return { ...found, searches: [...searches, ...found.searches], problems: own.problems };
};

const searchAll = async (
  repository: Repository,
  questions: readonly Question[],
  shape: HistoryShape,
): Promise<readonly Search[]> => {
  const searches: Search[] = [];
  for (const question of questions) searches.push(await searchFor(repository, question, shape));
  return searches;
};

const readHead = async (repository: Repository): Promise<RepositoryHead | undefined> => {
  const args = ["log", "--max-count=1", LOG_FORMAT, "HEAD", "--"];
  const [result, branch] = await Promise.all([
    repository.git(args),
    repository.git(["rev-parse", "--abbrev-ref", "HEAD"]),
  ]);
  const [commit] = parseLog(result.stdout);
  if (result.exitCode !== 0 || commit === undefined) return undefined;
  const name = branch.stdout.trim();
  const { hash, committed, subject } = commit;
  return {
    commit: hash,
    committed,
    subject,
    ...(branch.exitCode !== 0 || name === "HEAD" ? {} : { branch: name }),
    ref: commandRef(repository, args, `${shortHash(hash)} ${subject}`),
  };
};

/** The stash is the reflog of refs/stash; each entry is a merge of HEAD, the index and, with -u, the untracked files. */
const readStashes = async (repository: Repository): Promise<readonly Stash[]> => {
  const known = await repository.git(["rev-parse", "--verify", "--quiet", "refs/stash"]);
  if (known.exitCode !== 0) return [];
  const args = ["log", "--walk-reflogs", LOG_FORMAT, "refs/stash", "--"];
  const result = await repository.git(args);
  return parseLog(result.stdout).map(({ hash, parents, committed, subject }, number) => {
    for (const part of [hash, ...parents.slice(1)]) repository.stashed.set(part, number);
    return {
      number,
      commit: hash,
      made: committed,
      subject,
      ref: commandRef(repository, args, `stash@{${number}} ${subject}`),
    };
  });
};

const isUntracked = (entry: string): boolean => entry.startsWith("?? ");

const UNKNOWN_STATUS = { changed: [], untracked: [] } as const;

const readStatus = async (
  repository: Repository,
): Promise<Pick<ConfigurationRepository, "changed" | "untracked" | "status">> => {
  const args = [
    "status",
    "--porcelain=v1",
    "-z",
    "--no-renames",
    "--untracked-files=all",
    "--",
    ...FILES_OF_NIX,
  ];
  const result = await repository.git(args);
  if (result.exitCode !== 0) {
    repository.problems.push(
      `the work tree of ${repository.directory} could not be compared with HEAD: ${whyNot(result)}`,
    );
    return UNKNOWN_STATUS;
  }
  const entries = result.stdout.split("\0").filter(Boolean);
  const names = (wanted: boolean): readonly string[] =>
    entries
      .filter((entry) => isUntracked(entry) === wanted)
      .map((entry) => entry.slice(3))
      .slice(0, MOST_FILES);
  const shown = [...names(false), ...names(true)].slice(0, 5).join(", ");
  return {
    changed: names(false),
    untracked: names(true),
    status: commandRef(repository, args, shown === "" ? "no file of Nix differs" : shown),
  };
};

/** flake.lock as HEAD and as the work tree have it. `grep --no-index` prints a file as it lies there, and follows no symlink. */
const readLocks = async (
  repository: Repository,
  hasHead: boolean,
  insideWorkTree: boolean,
): Promise<readonly LockedMicrovm[]> => {
  const committed = ["cat-file", "blob", insideWorkTree ? "HEAD:./flake.lock" : "HEAD:flake.lock"];
  const lying = ["grep", "--no-index", "--no-color", "-h", "-e", "", "--", "flake.lock"];
  const [head, workTree] = await Promise.all([
    hasHead ? repository.git(committed) : undefined,
    repository.git(lying),
  ]);
  const read = (
    result: { readonly exitCode: number | null; readonly stdout: string } | undefined,
    place: LockedMicrovm["in"],
    args: readonly string[],
  ): readonly LockedMicrovm[] => {
    if (result?.exitCode !== 0) return [];
    const locked = lockedMicrovm(result.stdout, place, commandRef(repository, args));
    if (locked === undefined)
      repository.problems.push(
        `flake.lock of the ${place === "head" ? "commit that is checked out" : "work tree"} of ${repository.directory} is no lock file of Nix`,
      );
    return locked ?? [];
  };
  return [...read(head, "head", committed), ...read(workTree, "work-tree", lying)];
};

const commandRef = (
  repository: Repository,
  args: readonly string[],
  text?: string,
): CommandRef => ({
  kind: "command",
  argv: repository.argv(args),
  exitCode: 0,
  ...(text === undefined ? {} : { text }),
});
