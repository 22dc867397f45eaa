import type { RepositoryCommit, Search, SearchKind } from "../evidence/configuration-repository.ts";
import type { CommandRef } from "../evidence/reference.ts";
import type { CommandResult, Host } from "../host/host.ts";
import { LOG_FORMAT, parseLog, type LoggedCommit } from "./git-log.ts";

/** git in one directory of the machine that looks. */
export interface Repository {
  readonly directory: string;
  readonly git: (args: readonly string[]) => Promise<CommandResult>;
  /** As evidence shows it; the host adds what makes it safe. */
  readonly argv: (args: readonly string[]) => readonly string[];
  /** Commits that belong to a stash, with its number. */
  readonly stashed: Map<string, number>;
  /** What could not be looked at, in words. */
  readonly problems: string[];
}

export const repositoryIn = (host: Host, directory: string): Repository => ({
  directory,
  git: (args) => host.run({ program: "git", args: ["-C", directory, ...args] }),
  argv: (args) => ["git", "-C", directory, ...args],
  stashed: new Map(),
  problems: [],
});

/** The same repository for one VM: what goes wrong from here on is that VM's. */
export const forked = (repository: Repository): Repository => ({
  ...repository,
  problems: [...repository.problems],
});

export interface Question {
  readonly text: string;
  readonly kind: SearchKind;
}

export interface HistoryShape {
  readonly hasHead: boolean;
  /** Older commits are not there. */
  readonly isShallow: boolean;
}

const NIX_FILES = ":(top,glob)**/*.nix";
/** git also prints merges without a file of their own. */
const MOST_RECORDS = 200;
const MOST_COMMITS = 20;
const MOST_FILES = 50;

/**
 * Looks for a text in the *.nix files of every commit that a ref, a reflog or a stash still holds, of HEAD, and of the work tree. A
 * commit has it where a line that it adds or removes has it. A VM's name counts where it stands alone; other texts wherever they
 * stand, and a runner's own variables in files of any kind.
 */
export const searchFor = async (
  repository: Repository,
  question: Question,
  { hasHead, isShallow }: HistoryShape,
): Promise<Search> => {
  const paths = question.kind === "runner" ? [] : ["--", NIX_FILES];
  const literal = question.text.replaceAll(SPECIAL, String.raw`\$&`);
  const wanted = question.kind === "vm" ? `${NO_NAME_BEFORE}${literal}${NO_NAME_AFTER}` : literal;
  // --full-history: without it, git walks past the parents of a stash; -c: a stash is a merge, and has no changes otherwise.
  const log = [
    "log",
    "--all",
    "--reflog",
    "--full-history",
    "-c",
    "--name-only",
    `--max-count=${MOST_RECORDS}`,
    LOG_FORMAT,
    `-G${wanted}`,
    ...paths,
  ];
  const ref: CommandRef = { kind: "command", argv: repository.argv(log), exitCode: null };
  if (isExhausted(repository)) return { ...question, ...NOTHING, ref };
  const result = await repository.git(log);
  if (result.exitCode !== 0) {
    repository.problems.push(
      `the search for ${question.text} in ${repository.directory} ended early: ${whyNot(result)}`,
    );
    return { ...question, ...NOTHING, ref: { ...ref, exitCode: result.exitCode } };
  }
  const records = parseLog(result.stdout);
  const found = records.filter(({ files }) => files.length > 0);
  const commits: RepositoryCommit[] = [];
  for (const commit of found.slice(0, MOST_COMMITS))
    commits.push(await placed(repository, commit, { ...ref, exitCode: 0 }, hasHead));
  const list = ["grep", "--files-with-matches", "--full-name", "-E", "-e", wanted];
  const head = hasHead ? await repository.git([...list, "HEAD", ...paths]) : undefined;
  const workTree = await repository.git([...list, "--untracked", ...paths]);
  return {
    ...question,
    commits,
    head: namesIn(head?.stdout ?? "").map((name) => name.replace(/^HEAD:/u, "")),
    workTree: namesIn(workTree.stdout),
    whole: !isShallow && found.length <= MOST_COMMITS && records.length < MOST_RECORDS,
    ref: { ...ref, exitCode: 0 },
  };
};

const NOTHING = { commits: [], head: [], workTree: [], whole: false } as const;

/** In a POSIX extended regular expression. */
const SPECIAL = /[.+*?()|[\]{}^$\\]/gu;
const NO_NAME_BEFORE = "(^|[^[:alnum:]_-])";
const NO_NAME_AFTER = "([^[:alnum:]_-]|$)";

const namesIn = (output: string): readonly string[] =>
  output.split("\n").filter(Boolean).slice(0, MOST_FILES);

const placed = async (
  { git, stashed }: Repository,
  commit: LoggedCommit,
  ref: CommandRef,
  hasHead: boolean,
): Promise<RepositoryCommit> => {
  const { hash, authored, committed, subject, files } = commit;
  const stash = stashed.get(hash);
  const [holding, ancestor] = await Promise.all([
    git(["for-each-ref", `--contains=${hash}`, "--format=%(refname)"]),
    hasHead ? git(["merge-base", "--is-ancestor", hash, "HEAD"]) : undefined,
  ]);
  return {
    hash,
    authored,
    committed,
    subject,
    files: files.slice(0, MOST_FILES),
    refs: stash === undefined ? refNames(holding.stdout) : [],
    reachable: ancestor?.exitCode === 0,
    ...(stash === undefined ? {} : { stash }),
    ref: { ...ref, text: `${shortHash(hash)} ${subject} (${files.slice(0, 3).join(", ")})` },
  };
};

const refNames = (output: string): readonly string[] =>
  output
    .split("\n")
    .filter((name) => name !== "" && name !== "refs/stash" && !name.endsWith("/HEAD"))
    .map((name) => name.replace(/^refs\/(?:heads|remotes|tags)\//u, ""));

export const shortHash = (hash: string): string => hash.slice(0, 12);

/** One search that took too long is enough: the next would as well. */
const isExhausted = ({ problems }: Repository): boolean =>
  problems.some((problem) => problem.includes(TOO_LONG));

const TOO_LONG = "git did not answer in time";

/** What went wrong, in git's own words where it has any. */
export const whyNot = ({ failure, stderr, exitCode }: CommandResult): string => {
  const [first = ""] = stderr.split("\n");
  if (failure === undefined)
    return first === ""
      ? `git ended with ${exitCode ?? "a signal"}`
      : first.replace(/^fatal: /u, "");
  switch (failure) {
    case "timed-out":
      return TOO_LONG;
    case "not-installed":
      return "git is not on the path";
    case "too-much-output":
      return "git printed too much";
    case "interrupted":
      return "asking git was interrupted";
    case "not-possible":
      return first;
  }
};
