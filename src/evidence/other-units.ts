import type { HostPath, UnitName } from "../vocabulary.ts";
import type { Invocation, SkippedStart } from "./journal.ts";
import type { FileRef } from "./reference.ts";
import type { Setting } from "./unit.ts";

/** A unit of the host that is not the VM's own: who makes a secret, who mounts its place, who has to come first. */
export interface OtherUnit {
  readonly name: UnitName;
  /** Its file; absent where only the journal knows it, as with a mount that a generator made. */
  readonly ref?: FileRef;
  readonly after: readonly string[];
  readonly before: readonly string[];
  readonly requires: readonly string[];
  readonly conditions: readonly Setting[];
  /** Units that start it: by a `.wants` or `.requires` directory, by their own settings, or as the timer, path or socket for it. */
  readonly pulledInBy: readonly string[];
  /** Secret paths that it writes, or that lie below a directory that systemd makes for it. */
  readonly makes: readonly HostPath[];
  /** `Where=` of a mount. */
  readonly mountPoint?: HostPath;
  readonly starts: readonly Invocation[];
  readonly skipped: readonly SkippedStart[];
}

export interface OtherUnits {
  readonly units: readonly OtherUnit[];
  /** What of their journal could not be read. */
  readonly problem?: string;
}
