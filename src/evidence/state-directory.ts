import type { HostPath, StorePath } from "../vocabulary.ts";
import type { FileRef } from "./reference.ts";

export type RunnerLinkName = "current" | "booted" | "old" | "toplevel";

/** One of the links of a VM's state directory, with each hop down to what it leads to. */
export interface StateLink {
  readonly name: RunnerLinkName;
  readonly hops: readonly [FileRef, ...FileRef[]];
  /** `resolved`: the end exists; `dangling`: a hop leads to nothing; `loop`, `denied`: it could not be followed. */
  readonly end: "resolved" | "dangling" | "loop" | "denied";
  /** Why it could not be followed, where that is not for want of rights. */
  readonly why?: string;
  /** The store path that the link leads to, also where it is gone. */
  readonly store?: StorePath;
}

/**
 * How the VM came to the host, by what its state directory looks like (microvm.nix 71beea0: nixos-modules/host, pkgs/microvm-command).
 * `unknown` where the signs are none of these.
 */
export type Flavour =
  | "declarative"
  | "flake"
  | "flake-frozen"
  | "imperative"
  | "deployed"
  | "hand-made"
  | "mixed"
  | "unknown";

export interface StateDirectory {
  readonly path: HostPath;
  readonly ref: FileRef;
  readonly links: Readonly<Partial<Record<RunnerLinkName, StateLink>>>;
  /** The flake reference that `flake` holds, and its file. */
  readonly flake?: { readonly reference: string; readonly ref: FileRef };
  readonly flavour: Flavour;
}
