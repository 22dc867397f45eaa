import type { HostPath } from "../vocabulary.ts";
import type { FileRef } from "./reference.ts";
import type { PathWalk } from "./secret-files.ts";

/** A directory of the host that a runner shows to its guest. */
export interface SharedDirectory {
  readonly tag: string;
  readonly protocol: "virtiofs" | "9p";
  readonly source: HostPath;
  /** The line of the runner that names it. */
  readonly ref: FileRef;
  readonly walk: PathWalk;
  /** Names in it, sorted; absent where it could not be listed. */
  readonly names?: readonly string[];
  /** The tmpfiles.d line that makes the directory in advance. */
  readonly tmpfiles?: FileRef;
  /** The socket that virtiofsd serves it on, by the runner's word, with its stat or absence. */
  readonly socket?: FileRef;
}

export interface Shares {
  readonly directories: readonly SharedDirectory[];
  /** `bin/virtiofsd-run` of the runner in force, or its absence. */
  readonly server?: FileRef;
  /** How many events supervisord keeps for the listener that tells systemd when all servers run, by its configuration. */
  readonly eventBuffer?: { readonly events: number; readonly ref: FileRef };
}
