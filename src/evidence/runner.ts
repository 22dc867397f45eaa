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

/** A value as a script hands it on; never the value itself. */
export interface PassedValue {
  readonly name: string;
  /**
   * `literal`: it was fixed when the script was built. `expanded`: the shell puts it in at the start. `unexpanded`: a `$(...)` or `$NAME`
   * that the shell never sees because of its quotes, so that these characters are the value. `empty`: nothing stands there.
   */
  readonly form: "literal" | "expanded" | "unexpanded" | "empty";
  /** How many bytes a literal has, or the characters that are not expanded. */
  readonly bytes?: number;
  /** A literal that is the path of a file: the guest gets the path. */
  readonly path?: HostPath;
  /** It is base64, and marked so: the guest decodes it. */
  readonly encoded: boolean;
  /** Another list of strings stands behind it in the same option: cloud-hypervisor takes the last one. */
  readonly overridden?: boolean;
  /** Variables in it that nothing in the script sets. */
  readonly unset: readonly string[];
}

/** One way on which a runner script can carry a secret to the guest. `names` are credential names as the guest sees them. */
export type SecretChannel =
  | {
      readonly kind: "fw-cfg-file";
      readonly name: string;
      readonly path: HostPath;
      /** Another name= stands behind it in the same argument: QEMU takes the last one. */
      readonly overridden?: boolean;
      readonly ref: FileRef;
    }
  | {
      readonly kind: "fw-cfg-string";
      readonly name: string;
      /** Of the string, or of the file's name where that is not expanded. */
      readonly value?: PassedValue;
      readonly overridden?: boolean;
      readonly ref: FileRef;
    }
  | {
      readonly kind: "oem-literal" | "oem-runtime" | "smbios-argument" | "kernel-command-line";
      readonly names: readonly string[];
      /** `-smbios type=11,path=`: QEMU reads the strings, and their names with them, from this file. */
      readonly path?: HostPath;
      readonly values?: readonly PassedValue[];
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
  /** What is read stands in the arguments of another program: whoever lists processes sees it while that runs. */
  readonly asArgument?: boolean;
  /** Another program takes a part of it, so that its size is none of the file's. */
  readonly filtered?: boolean;
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
    /** Lines where a credential stands in the arguments of another program. */
    readonly asArgument?: readonly FileRef[];
    readonly filtered?: boolean;
  };
  /** Variables that the script uses and nothing in it sets: they come from the unit's environment or are empty. */
  readonly environment?: { readonly names: readonly string[]; readonly ref: FileRef };
  /** The machine type that QEMU is started with: `microvm`, `q35`, `virt`. */
  readonly machine?: string;
  /** Where `--platform` stands on the command line of cloud-hypervisor, and where a script adds it to that. */
  readonly platforms?: readonly FileRef[];
  /** The shell ends the script at a variable that is not set (`set -u`). */
  readonly stopsAtUnset?: boolean;
  /** Where the guest's boot parameters or the kind of VM say that its systemd takes no credentials of the host. */
  readonly importRefused?: { readonly why: "disabled" | "confidential"; readonly ref: FileRef };
  /** The guest tells systemd that it is ready over vsock: no secret, but a credential by form. */
  readonly notifies: boolean;
}
