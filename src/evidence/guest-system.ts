import type { DeclaredSecret } from "./installation.ts";
import type { FileRef } from "./reference.ts";
import type { HostPath, StorePath } from "../vocabulary.ts";

/** A credential that a service of the guest asks for; without a source somebody has to hand it over. */
export interface WantedCredential {
  readonly id: string;
  /** How it is asked for: an import may hold a glob, a load names one. */
  readonly by: "import" | "load" | "load-encrypted";
  /** The name that the service manager of the guest has to hold it under. */
  readonly name: string;
  readonly source?: HostPath;
  readonly ref: FileRef;
}

export interface CredentialConsumer {
  readonly unit: string;
  readonly wants: readonly WantedCredential[];
  readonly ref: FileRef;
}

/** The guest's system closure as the host holds it: what its services ask for, before it ever runs. */
export interface GuestSystem {
  readonly toplevel: StorePath;
  readonly ref: FileRef;
  readonly consumers: readonly CredentialConsumer[];
  /** Its unit files could be listed: that none asks for something is then known. */
  readonly unitsRead: boolean;
  /** Secrets that the guest installs itself. */
  readonly declared: readonly DeclaredSecret[];
  /** `systemd-257.9` of its closure, where its links name it. */
  readonly systemd?: string;
  /** Words of its kernel command line that concern credentials, from `kernel-params`. */
  readonly kernelParameters: readonly string[];
}
