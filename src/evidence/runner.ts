import type { HostPath, StorePath } from "../vocabulary.ts";
import type { FileRef } from "./reference.ts";

export const HYPERVISORS = [
  "qemu",
  "cloud-hypervisor",
  "firecracker",
  "crosvm",
  "kvmtool",
  "stratovirt",
  "alioth",
  "vfkit",
] as const;
export type Hypervisor = (typeof HYPERVISORS)[number];

/** One way on which a runner script can carry a secret to the guest. `names` are credential names as the guest sees them. */
export type SecretChannel =
  | {
      readonly kind: "fw-cfg-file";
      readonly name: string;
      readonly path: HostPath;
      readonly ref: FileRef;
    }
  | { readonly kind: "fw-cfg-string"; readonly name: string; readonly ref: FileRef }
  | { readonly kind: "oem-literal"; readonly names: readonly string[]; readonly ref: FileRef }
  | { readonly kind: "oem-runtime"; readonly names: readonly string[]; readonly ref: FileRef }
  | { readonly kind: "smbios-argument"; readonly names: readonly string[]; readonly ref: FileRef }
  | {
      readonly kind: "kernel-command-line";
      readonly names: readonly string[];
      readonly ref: FileRef;
    }
  | {
      readonly kind: "share";
      readonly protocol: "virtiofs" | "9p";
      /** The name that the guest mounts it by; known for virtiofs. */
      readonly tag?: string;
      readonly path: HostPath;
      readonly ref: FileRef;
    }
  | { readonly kind: "arguments-script"; readonly path: HostPath; readonly ref: FileRef };

/** A place where the script itself reads a file of the host as the unit's user. */
export interface DirectRead {
  readonly path: HostPath;
  /** The shell goes on when the read fails: `export X=$(cat ...)`, `|| true`, an inline `$(...)`. */
  readonly errorSwallowed: boolean;
  readonly ref: FileRef;
}

/** The script that `bin/microvm-run` of a runner really is, and what it does with secrets. */
export interface Runner {
  /** `/nix/store/...-microvm-<hypervisor>-<host>`; absent for a script found alone. */
  readonly directory?: StorePath;
  readonly script: HostPath;
  readonly scriptStore?: StorePath;
  readonly ref: FileRef;
  readonly size: number;
  readonly hypervisor?: Hypervisor;
  /** The guest's host name, as store names carry it. */
  readonly guestName?: string;
  readonly channels: readonly SecretChannel[];
  readonly reads: readonly DirectRead[];
  /** Where the script uses $CREDENTIALS_DIRECTORY, with the ids it takes from it. */
  readonly credentialsDirectory?: {
    readonly ids: readonly string[];
    readonly ref: FileRef;
    readonly errorSwallowed: boolean;
  };
  /** The guest tells systemd that it is ready over vsock: no secret, but a credential by form. */
  readonly notifies: boolean;
}
