import type { HostPath } from "../vocabulary.ts";
import type { FileRef } from "./reference.ts";

/** A file of a credentials directory: its name and stat, never its bytes. */
export interface StoredCredential {
  readonly name: string;
  readonly ref: FileRef;
}

/** A directory that systemd takes or puts credentials from or to. */
export interface CredentialPlace {
  readonly path: HostPath;
  readonly ref: FileRef;
  readonly state: "present" | "absent" | "denied";
  readonly credentials: readonly StoredCredential[];
}

/** Where credentials of a unit come from by name alone, and what it was given. */
export interface CredentialStore {
  /** `/run/credentials/UNIT`: there while the unit runs. */
  readonly given: CredentialPlace;
  /** `/etc/credstore`, `/run/credstore`, `/usr/lib/credstore`, their `.encrypted` siblings, and the system's own credentials. */
  readonly places: readonly CredentialPlace[];
  /** `/var/lib/systemd/credential.secret` and `/etc/machine-id`: what host keys hang on. */
  readonly hostKey: FileRef;
  readonly machineId: FileRef;
}
