import type { HostPath, Micros, UnitName } from "../vocabulary.ts";
import type { CommandRef, FileRef } from "./reference.ts";

export interface LoadedCredential {
  readonly id: string;
  /** Absolute path; absent where only an id is given and somebody else has to provide it. */
  readonly source?: HostPath;
  /** The name under which the service manager has to hold it, where no path is given. */
  readonly inherited?: string;
  readonly encrypted: boolean;
  readonly ref: FileRef;
}

export interface Setting {
  readonly value: string;
  readonly ref: FileRef;
}

/** What systemd knows of the unit right now; a live host only. */
export interface LiveUnit {
  readonly activeState: string;
  readonly subState: string;
  readonly result: string;
  readonly invocation?: string;
  readonly mainPid?: number;
  /** When the unit last became active, to the second; absent where it is not. */
  readonly activeSince?: Micros;
  /** Microseconds that the main process had lived when systemd was asked. */
  readonly upFor?: number;
  readonly needsReload: boolean;
  readonly ref: CommandRef;
}

/** A setting of systemd.exec(5) that changes what a service's processes may do or see of the file system. */
export interface SandboxSetting extends Setting {
  readonly key: string;
}

/** What makes the identity of a service's processes, and their view of the file system. */
export interface ServiceSettings {
  readonly name: UnitName;
  readonly user: Setting | undefined;
  readonly group: Setting | undefined;
  readonly supplementaryGroups: readonly Setting[];
  readonly type?: Setting | undefined;
  readonly execStart: readonly Setting[];
  /** In the order of the files; an empty value stays where it means something of its own. */
  readonly sandbox: readonly SandboxSetting[];
}

/** `microvm@VM.service` as its template, instance file and drop-ins define it. */
export interface VmUnit extends ServiceSettings {
  readonly fragment: FileRef;
  /** The fragment is a file of this instance and hides the template. */
  readonly shadowsTemplate: boolean;
  readonly dropIns: readonly FileRef[];
  /** Drop-ins, and directories of them, that may not be read: what they set is not known. */
  readonly unread?: readonly HostPath[];
  readonly type: Setting | undefined;
  readonly restart: Setting | undefined;
  readonly restartSec: Setting | undefined;
  readonly execStartPre: readonly Setting[];
  readonly execStartPost: readonly Setting[];
  readonly timeout: Setting | undefined;
  /** Names of Environment=; their values are never kept. */
  readonly environment: readonly Setting[];
  readonly credentials: readonly LoadedCredential[];
  /** Lines of LoadCredential= and its encrypted sibling that systemd drops: their id or their source is none. */
  readonly ignoredCredentials?: readonly FileRef[];
  /** Ids that the template hands over and that are lost because `fragment` hides it. */
  readonly hiddenCredentials?: readonly Setting[];
  readonly imported: readonly Setting[];
  /** Ids of SetCredential= and SetCredentialEncrypted=; their values are never kept. */
  readonly setIds: readonly Setting[];
  /** Those of SetCredentialEncrypted=: systemd has to open them. */
  readonly sealedIds?: readonly Setting[];
  readonly environmentFiles: readonly Setting[];
  readonly conditions: readonly Setting[];
  /** After=, Requires=, Wants= and BindsTo= with the units that they name, as written. */
  readonly dependencies: readonly (Setting & { readonly key: string })[];
  /** The units of `dependencies` that the VM needs or waits for, helpers of microvm.nix left out. */
  readonly needs: readonly string[];
  /** `microvm-virtiofsd@VM.service`, which reads what virtiofs shares; absent where there is no such unit. */
  readonly shareServer?: ServiceSettings;
  readonly live: LiveUnit | undefined;
  /** Why a systemd that runs did not say it. */
  readonly liveProblem?: string;
}
