import type { HostPath } from "../vocabulary.ts";
import type { FileRef, FileStat } from "./reference.ts";

/** One step on the way to a file: a directory, a symlink, or the file itself, by its path with no symlink left in front. */
export interface PathComponent {
  readonly path: HostPath;
  readonly stat: FileStat;
  /** The POSIX ACL, where there is more than the mode. */
  readonly acl?: AccessList;
  /** A symlink that was the last part of the path so far: the one that fs.protected_symlinks is about. */
  readonly trailing?: true;
}

/** acl(5): numeric ids; permissions as 0 to 7. */
export interface AccessList {
  readonly users: ReadonlyMap<number, number>;
  readonly groups: ReadonlyMap<number, number>;
  readonly owningGroup: number;
  readonly mask?: number;
}

/** Every component of a path as the kernel walks it, in order, symlinks and their targets included. */
export interface PathWalk {
  readonly path: HostPath;
  readonly components: readonly PathComponent[];
  /** `absent`: the first missing component is `stopped`; `denied`: the collector itself may not, or cannot, look further. */
  readonly end: "present" | "absent" | "denied" | "loop";
  /**
   * `run`: it would lie in a /run that is made at boot, and the tree is of a system that does not run. `path`: a start was refused there
   * and has found it, so the tree holds not all that the host had.
   */
  readonly notKept?: "run" | "path";
  /** Of `denied`: why it could not be looked at, where that is not for want of rights. */
  readonly why?: string;
  readonly stopped?: HostPath;
  readonly file?: PathComponent;
  readonly ref: FileRef;
}

export interface SecretFiles {
  readonly walks: ReadonlyMap<HostPath, PathWalk>;
  /** Without getfacl an ACL stays unseen, and a mode alone proves less. */
  readonly aclsRead: boolean;
  /** Why not all of them were read. */
  readonly aclProblem?: string;
  /** `fs.protected_symlinks` of the running kernel; absent where there is none to ask. */
  readonly protectedSymlinks?: boolean;
}
