import type { HostPath } from "../vocabulary.ts";

/** A program could not open a file, by the words of errno. */
export type FileErrorMeaning =
  | { readonly kind: "permission-denied"; readonly path: HostPath; readonly program?: string }
  | { readonly kind: "no-such-file"; readonly path: HostPath; readonly program?: string };

/** What a guest says on its console, which the host's journal shows under the VM's unit. */
export type GuestMeaning =
  /** A guest tells how long a credential of its is. */
  | {
      readonly kind: "credential-size";
      readonly name: string;
      readonly bytes: number;
      /** It names the file or lists it: 0 bytes are then an empty credential, none that is not there. */
      readonly isThere?: true;
    }
  /** A guest tells how long something is, whose name alone does not say that it is a credential. */
  | {
      readonly kind: "named-size";
      readonly name: string;
      readonly bytes: number;
      readonly isThere?: true;
    }
  /** A shell in the guest could not open a file of its credentials directory. */
  | { readonly kind: "credential-file-missing"; readonly name: string }
  /** PID 1 of the guest lists what it took over from the VMM. */
  | { readonly kind: "credentials-received"; readonly names: readonly string[] }
  /** PID 1 of the guest counts what it took over, with the VMM's own string among them. */
  | { readonly kind: "credentials-acquired"; readonly count: number }
  /** A program of the guest has no credentials directory: its service asks for none, or for none that is there. */
  | { readonly kind: "credentials-directory-unset" }
  /** PID 1 of the guest was shown a credential and does not take it. */
  | {
      readonly kind: "credential-skipped";
      readonly name: string;
      readonly why: "encoding" | "size";
    }
  /** PID 1 of the guest looked for credentials of the VMM and found none, or had no firmware table to look into. */
  | { readonly kind: "credentials-none"; readonly why: "none-passed" | "no-firmware-table" }
  /** PID 1 of the guest does not take any, by its settings or because the VM is confidential. */
  | { readonly kind: "import-refused"; readonly why: "disabled" | "confidential" }
  /** A service of the guest was to be given a credential that the guest does not have. */
  | { readonly kind: "credential-not-found"; readonly name: string }
  /** Something of the guest's boot misses a file: an activation script, or an installer of the guest's own secrets. */
  | { readonly kind: "boot-misses-file"; readonly path: HostPath }
  /** The guest leaves its initrd for its system, whose PID 1 looks anew. */
  | { readonly kind: "guest-switches-root" }
  /** The guest mounts a file system there. */
  | { readonly kind: "guest-mounts"; readonly path: HostPath }
  /** The guest could not boot its system. */
  | { readonly kind: "guest-emergency" }
  /** The guest's kernel or the first stage of its boot gave up. */
  | { readonly kind: "guest-panic" }
  /** cloud-init in the guest found no metadata. */
  | { readonly kind: "guest-without-metadata" }
  /** A unit of the guest failed, by the mark on its console. */
  | { readonly kind: "guest-failed"; readonly what: string }
  /** A program finds that others than its user may read a credential. */
  | { readonly kind: "credential-mode" }
  | { readonly kind: "guest-kernel" }
  /** The guest's boot reached its end: its usual target, or a login. */
  | { readonly kind: "guest-up" };

/** What a VMM, or the runner around it, fails over. */
export const VMM_TROUBLES = [
  "kvm",
  "tap",
  "vsock",
  "volume",
  "lock",
  "memory",
  "directory",
  "arguments",
  "name-too-long",
  "too-large",
  "share",
  "device",
  "panic",
] as const;
export type VmmTrouble = (typeof VMM_TROUBLES)[number];

export interface VmmErrorMeaning {
  readonly kind: "vmm-error";
  readonly about: VmmTrouble;
  /** The device, file, option or socket that the line names. */
  readonly object?: string;
}

/** Why systemd refuses a credential, by the words of the child that sets the unit up. */
export type CredentialFault = "expired" | "name" | "key" | "tpm" | "format" | "size" | "machine-id";

export type SetupMeaning =
  | { readonly kind: "credential-refused"; readonly why: CredentialFault }
  /** The shell knows no variable of this name. */
  | { readonly kind: "unbound-variable"; readonly name: string };

/** What a line shows of values, or of what was masked as one; never a value. */
export type ValueMeaning =
  /** The VMM was given this credential on its command line, with so many bytes; 0 where nothing stands behind its name. */
  | {
      readonly kind: "credential-argument";
      readonly name: string;
      readonly bytes: number;
      /** As base64, which is longer than what it stands for. */
      readonly encoded: boolean;
    }
  /** A value of so many bytes was written to the journal: one that is named, a private key, or a token known by its shape. */
  | {
      readonly kind: "value-logged";
      readonly form: "credential" | "assignment" | "private-key" | "token";
      readonly name?: string;
      readonly bytes: number;
    };

/** What one line of a unit's own output says, where it says something that rules can use. */
export type OutputMeaning =
  | FileErrorMeaning
  | GuestMeaning
  | VmmErrorMeaning
  | SetupMeaning
  | ValueMeaning;
