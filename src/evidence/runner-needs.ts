import type { HostPath } from "../vocabulary.ts";
import type { FileRef } from "./reference.ts";
import type { PathWalk } from "./secret-files.ts";

/** An image or block device of `microvm.volumes`. */
export interface Volume {
  readonly path: HostPath;
  /** The line of the runner that names it. */
  readonly ref: FileRef;
  readonly walk: PathWalk;
}

/** A network interface that the runner asks a helper to make, and the program of the runner that makes it. */
export interface RunnerInterface {
  readonly name: string;
  readonly type: "tap" | "macvtap";
  /** The line of `share/microvm/<type>-interfaces`. */
  readonly ref: FileRef;
  /** `bin/tap-up` or `bin/macvtap-up`, or its absence. */
  readonly program: FileRef;
}

/** The VMM by the store path that the runner starts. */
export interface StartedVmm {
  readonly name: string;
  readonly version: string;
  readonly ref: FileRef;
}

/** What the runner in force needs of the host besides secrets. */
export interface RunnerNeeds {
  readonly volumes: readonly Volume[];
  readonly interfaces: readonly RunnerInterface[];
  /** What the first line of the script asks for, with its stat or absence. */
  readonly interpreter?: FileRef;
  readonly vmm?: StartedVmm;
  /** Where the script, or the configuration that it names, asks for a metadata service for the guest. */
  readonly metadata?: FileRef;
}
