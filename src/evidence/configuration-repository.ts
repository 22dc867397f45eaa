import type { Micros } from "../vocabulary.ts";
import type { CommandRef, CoverageRef } from "./reference.ts";

/**
 * What a text that was searched for stands for: the VM's name, an option or variable with which a runner is customised, or a
 * variable that a runner in the store assigns and no other.
 */
export type SearchKind = "vm" | "customisation" | "runner";

/** A commit that adds or removes lines with a searched text. Of its content only the names of files are kept. */
export interface RepositoryCommit {
  readonly hash: string;
  readonly authored: Micros;
  readonly committed: Micros;
  /** The first line of its message, masked. */
  readonly subject: string;
  readonly files: readonly string[];
  /** Branches, remote branches and tags that contain it, without `refs/heads/` and the like. */
  readonly refs: readonly string[];
  /** It is HEAD or lies behind it. */
  readonly reachable: boolean;
  /** Its number where it belongs to a stash. */
  readonly stash?: number;
  readonly ref: CommandRef;
}

export interface Search {
  readonly text: string;
  readonly kind: SearchKind;
  readonly commits: readonly RepositoryCommit[];
  /** Files of HEAD that hold the text. */
  readonly head: readonly string[];
  /** Files of the work tree that hold it, tracked or not. */
  readonly workTree: readonly string[];
  /** It was looked for everywhere; `false` where a limit was met. */
  readonly whole: boolean;
  readonly ref: CommandRef;
}

export interface Stash {
  readonly number: number;
  readonly commit: string;
  readonly made: Micros;
  readonly subject: string;
  readonly ref: CommandRef;
}

/** The input of a flake.lock that is microvm.nix. */
export interface LockedMicrovm {
  readonly in: "head" | "work-tree";
  /** The node's name in the lock file. */
  readonly input: string;
  /** As Nix writes it: `path`, `git`, `github`, `tarball`, ... */
  readonly type: string;
  /** Path, URL or `owner/repository`, masked. */
  readonly location?: string;
  readonly revision?: string;
  readonly lastModified?: Micros;
  readonly narHash?: string;
  readonly ref: CommandRef;
}

export interface RepositoryHead {
  readonly commit: string;
  readonly committed: Micros;
  readonly subject: string;
  /** Absent where HEAD is detached. */
  readonly branch?: string;
  readonly ref: CommandRef;
}

/** The git repository that `--flake` names, searched in everything that it still holds. */
export interface ConfigurationRepository {
  /** A directory of the machine that looks. */
  readonly directory: string;
  /** Absent where there is no commit, or no repository at all. */
  readonly head?: RepositoryHead;
  readonly searches: readonly Search[];
  readonly stashes: readonly Stash[];
  /** Files of Nix (*.nix, flake.lock) that differ from HEAD, staged or not. */
  readonly changed: readonly string[];
  /** Files of Nix that git does not know. */
  readonly untracked: readonly string[];
  readonly status?: CommandRef;
  readonly locks: readonly LockedMicrovm[];
  /** What was searched, for claims that something is not there. */
  readonly searched: CoverageRef;
  /** What could not be searched, and why. */
  readonly problems: readonly string[];
}
