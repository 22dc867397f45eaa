import type { Micros, StorePath } from "../vocabulary.ts";
import type { CommandRef, FileRef } from "./reference.ts";

/** When store paths became valid. A path that was collected as garbage and came again counts from the last time. */
export interface Registrations {
  readonly times: ReadonlyMap<StorePath, Micros>;
  readonly ref: CommandRef;
}

/**
 * Whose `microvm-run` wins where a guest's configuration declares one: microvm.nix's own (`binScripts // { microvm-run = ...; }`),
 * the declared one (the operands turned round, or an `or`), or nobody can tell from the text.
 */
export type ScriptMerge = "own-wins" | "declared-wins" | "unknown";

/** A copy of the source of microvm.nix in the store, as a flake's input leaves it there. */
export interface SourceCopy {
  readonly path: StorePath;
  /** Its `lib/runner.nix`. */
  readonly ref: FileRef;
  /** SHA-256 of that file, hexadecimal. */
  readonly digest: string;
  readonly merge: ScriptMerge;
  /** The line that `merge` is read from. */
  readonly mergedAt?: FileRef;
}

export interface SourceCopies {
  readonly copies: readonly SourceCopy[];
  /** Sources in the store that were looked into. */
  readonly looked: number;
}
