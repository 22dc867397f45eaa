import type { HostPath, UnitName } from "../vocabulary.ts";
import type { JournalRef } from "./reference.ts";

/** SELinux or AppArmor refused something. */
export interface MacDenial {
  readonly module: "selinux" | "apparmor";
  readonly ref: JournalRef;
  /** `open`, `read`, `search`, ... as the module calls it. */
  readonly operation?: string;
  /** The absolute path, where the line has one; SELinux often has the last name alone, in `name`. */
  readonly path?: HostPath;
  readonly name?: string;
  readonly program?: string;
  readonly pid?: number;
  /** The profile, or the target's context. */
  readonly label?: string;
  /** It was only noted (permissive, complain). */
  readonly permitted: boolean;
}

/** The kernel or systemd-oomd killed for want of memory. */
export interface OomKill {
  readonly ref: JournalRef;
  readonly program?: string;
  readonly pid?: number;
  /** The unit whose control group was hit, where the line names it. */
  readonly unit?: UnitName;
}

/** What the kernel and the audit log say that a VM's story may need. */
export interface KernelLog {
  /** What of it could not be read. */
  readonly problem?: string;
  readonly denials: readonly MacDenial[];
  readonly kills: readonly OomKill[];
}
