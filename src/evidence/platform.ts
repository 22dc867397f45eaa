import type { EvidenceRef, FileRef } from "./reference.ts";

/** A version as its owner writes it, with its leading number. */
export interface Version {
  readonly text: string;
  /** `257` of `257.9`. */
  readonly major: number;
  readonly ref: EvidenceRef;
}

/** What kind of machine the host is, as far as rules about versions and devices need it. */
export interface Platform {
  /** The systemd that runs, by PID 1's own word at its start; else the one that the running system holds. */
  readonly systemd?: Version;
  /** `x86_64`, `aarch64`, ... by the system's own name. */
  readonly architecture?: string;
  /** By the word of systemd, or by `/run/systemd/container`. */
  readonly container?: { readonly kind: string; readonly ref: EvidenceRef };
  /** Absence carries weight only where the tree has a /dev at all. */
  readonly devices: Readonly<Partial<Record<"kvm" | "tpm" | "vsock" | "tun", FileRef>>>;
  readonly hasDevices: boolean;
  /** What of systemd's own words could not be read. */
  readonly problem?: string;
}
