import type {
  ConfigurationRepository,
  RepositoryCommit,
  Search,
  SearchKind,
} from "../evidence/configuration-repository.ts";

/** Where a configuration repository holds what customises a runner of the VM. */
export interface DeclaredRunner {
  /** The texts that were taken for it: a runner's own variables, or the options of microvm.nix beside the VM's name. */
  readonly texts: readonly string[];
  /** Commits that HEAD is or stands on. */
  readonly onBranch: readonly RepositoryCommit[];
  /** Commits of other branches, or that only a reflog still knows. */
  readonly elsewhere: readonly RepositoryCommit[];
  readonly stashed: readonly RepositoryCommit[];
  /** Files of the work tree that hold it, differ from HEAD, and do not hold it there. */
  readonly uncommitted: readonly string[];
  /** Files of HEAD that hold it. */
  readonly inHead: readonly string[];
  /** Everything was searched: what is not named here is not in the repository. */
  readonly whole: boolean;
}

/** Options so common that they say nothing by themselves. */
const WEAK = new Set(["preStart"]);

/**
 * A runner's own variables are its text. Where none is known, an option of microvm.nix counts in a commit, or a file, that also has the
 * name of the VM.
 */
export const declaredRunner = (repository: ConfigurationRepository): DeclaredRunner => {
  const own = repository.searches.filter(({ kind }) => kind === "runner");
  const options = repository.searches.filter(
    ({ kind, text }) => kind === "customisation" && !WEAK.has(text),
  );
  const vm = repository.searches.filter(({ kind }) => kind === "vm");
  const searches = own.length > 0 ? own : options;
  const isOfVm = own.length > 0 ? () => true : besideVm(vm);
  const commits = distinct(searches.flatMap((search) => search.commits)).filter((commit) =>
    commit.files.some((file) => isOfVm(file, commit.hash)),
  );
  const holding = (files: (search: Search) => readonly string[]): readonly string[] =>
    [...new Set(searches.flatMap(files))].filter((file) => isOfVm(file)).toSorted();
  const differing = new Set([...repository.changed, ...repository.untracked]);
  const inHead = holding(({ head }) => head);
  return {
    texts: searches
      .filter((one) => one.commits.length + one.head.length + one.workTree.length > 0)
      .map(({ text }) => text),
    onBranch: commits.filter(({ reachable }) => reachable),
    elsewhere: commits.filter(({ reachable, stash }) => !reachable && stash === undefined),
    stashed: commits.filter(({ reachable, stash }) => !reachable && stash !== undefined),
    uncommitted: holding(({ workTree }) => workTree).filter(
      (file) => differing.has(file) && !inHead.includes(file),
    ),
    inHead,
    whole:
      repository.head !== undefined &&
      [...searches, ...(own.length > 0 ? [] : vm)].every((search) => search.whole),
  };
};

const besideVm = (searches: readonly Search[]): ((file: string, hash?: string) => boolean) => {
  const files = new Set(
    searches.flatMap(({ head, workTree, commits }) => [
      ...head,
      ...workTree,
      ...commits.flatMap((commit) => commit.files),
    ]),
  );
  const hashes = new Set(searches.flatMap(({ commits }) => commits.map(({ hash }) => hash)));
  return (file, hash) => files.has(file) || (hash !== undefined && hashes.has(hash));
};

const distinct = (commits: readonly RepositoryCommit[]): readonly RepositoryCommit[] =>
  commits.filter(
    (commit, index) => commits.findIndex(({ hash }) => hash === commit.hash) === index,
  );

/** A copy of microvm.nix that is locked by a path, or by a commit with uncommitted changes, can change and leave no commit. */
export const unpinnedMicrovm = ({ locks }: ConfigurationRepository) =>
  locks.filter(({ type, revision }) => type === "path" || (revision ?? "").endsWith("-dirty"));

/** Files of HEAD that name the VM and declare a microvm-run in binScripts, which microvm.nix puts its own over. */
export const declaresReservedScript = ({
  searches,
}: ConfigurationRepository): readonly string[] => {
  const holding = (kind: SearchKind, text?: string): ReadonlySet<string> =>
    new Set(
      searches
        .filter((one) => one.kind === kind && (text === undefined || one.text === text))
        .flatMap(({ head }) => head),
    );
  const scripts = holding("customisation", "binScripts");
  const reserved = holding("customisation", "microvm-run");
  return [...holding("vm")].filter((file) => scripts.has(file) && reserved.has(file)).toSorted();
};
