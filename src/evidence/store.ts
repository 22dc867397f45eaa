import type { HostPath, StorePath } from "../vocabulary.ts";
import type { CommandRef, FileRef } from "./reference.ts";
import type { Runner } from "./runner.ts";

/** What the Nix database says of one valid path. */
export interface StoreObject {
  readonly path: StorePath;
  readonly deriver?: StorePath;
  readonly references: readonly StorePath[];
  /** Everything that needs this path, directly or not, itself excluded. */
  readonly referrers: readonly StorePath[];
}

/** A runner of this VM that lies in the store, wherever it came from. */
export interface StoredRunner {
  readonly path: StorePath;
  readonly runner: Runner;
  readonly ref: FileRef;
  readonly object?: StoreObject;
  /** `false`: the database does not know it, so it was made by hand or is left over; absent where the database was not asked. */
  readonly valid?: boolean;
  /** Symlinks that keep it alive: profiles, GC roots, links of a state directory. */
  readonly roots: readonly FileRef[];
}

export interface Store {
  readonly runners: readonly StoredRunner[];
  /** All symlinks below gcroots and profiles that were looked at. */
  readonly rootsSeen: number;
  /** Why the database could not be asked; without it nothing is known of references. */
  readonly databaseProblem?: string;
  readonly queries: readonly CommandRef[];
}

/** One generation of the system profile, and what it would install for this VM. */
export interface Generation {
  readonly number: number;
  readonly link: FileRef;
  readonly toplevel?: StorePath;
  /** The runner in the `ln -sTf` of its `install-microvm-VM`; absent where it installs none. */
  readonly runner?: StorePath;
  readonly installer?: FileRef;
  /** The drop-ins of `microvm@VM.service` by name and store path: equal texts where the unit is the same. */
  readonly unit?: string;
  /** `ConditionPathExists=!...`: an existing VM is left as it is. */
  readonly frozen: boolean;
}

export interface Generations {
  readonly list: readonly Generation[];
  readonly profile: HostPath;
  /** The generation number that the `system` profile points to. */
  readonly newest?: number;
  /** `/run/current-system`, which need not be a generation, with what it installs for this VM. */
  readonly running?: {
    readonly toplevel: StorePath;
    readonly ref: FileRef;
    readonly runner?: StorePath;
    readonly installer?: FileRef;
    readonly frozen?: boolean;
  };
  readonly booted?: { readonly toplevel: StorePath; readonly ref: FileRef };
}
