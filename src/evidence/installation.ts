import type { BootId, HostPath, Micros } from "../vocabulary.ts";
import type { FileRef, JournalRef } from "./reference.ts";

/** What brings secrets onto a host. */
export type InstallerKind = "sops-nix" | "agenix";

/** A secret as a configuration declares it: names and places, never a value. */
export interface DeclaredSecret {
  readonly installer: InstallerKind;
  readonly name: string;
  /** Where others look for it. */
  readonly path: HostPath;
  /** Where the installer writes it, by the link to its generation; `path` leads there where the two differ. */
  readonly stored: HostPath;
  /** Octal permission bits. */
  readonly mode?: number;
  /** As written: a name or a number. */
  readonly owner?: string;
  readonly group?: string;
  /** The encrypted file, with its stat where it could be looked at. */
  readonly ciphertext?: FileRef;
  readonly ref: FileRef;
}

/** A directory of installed secrets below its link: `/run/secrets.d/4`, `/run/agenix.d/53`. */
export interface SecretGeneration {
  readonly number: number;
  readonly ref: FileRef;
}

/** A place where an installer puts secrets. */
export interface SecretRoot {
  readonly path: HostPath;
  readonly installer: InstallerKind;
  /** The link, or what stands in its place; `absent` where there is nothing. */
  readonly ref: FileRef;
  /** `real`: a directory that blocks the installer, which expects its own link. */
  readonly state: "linked" | "dangling" | "real" | "absent" | "denied";
  /** Number of the generation that the link leads to. */
  readonly current?: number;
  readonly generations: readonly SecretGeneration[];
  /** Every file below it, by the path through the link, with its stat. */
  readonly files: ReadonlyMap<HostPath, FileRef>;
  /** Names below it could not be listed: a file that is not among `files` may be there. */
  readonly unlisted: boolean;
  /** `age-keys.txt` beside the generations: sops-nix writes it at the beginning of every run, before it decrypts. */
  readonly keysImported?: FileRef;
}

/** A key that an installer decrypts with. */
export interface DecryptionKey {
  readonly path: HostPath;
  readonly installer: InstallerKind;
  /** Its stat, or its absence. */
  readonly ref: FileRef;
  /** Who names it. */
  readonly declaredIn?: FileRef;
}

/** What one line of an installer says. */
export type InstallerWord =
  | { readonly kind: "started" }
  | { readonly kind: "finished" }
  | { readonly kind: "failed" }
  /** The new generation is in force, whatever is in it. */
  | { readonly kind: "linked" }
  /** No key that is there fits. */
  | { readonly kind: "wrong-key"; readonly file?: HostPath }
  /** The encrypted file itself is not what it should be, or could not be read. */
  | { readonly kind: "unreadable-file"; readonly file?: HostPath }
  /** There was no key to try. */
  | { readonly kind: "no-key"; readonly path?: HostPath }
  | { readonly kind: "key-unreadable"; readonly path: HostPath }
  | { readonly kind: "key-imported"; readonly path?: HostPath }
  | { readonly kind: "owner-unresolved"; readonly name: string }
  /** What it writes could not be found afterwards, or the place was taken. */
  | { readonly kind: "output-missing"; readonly path: HostPath }
  | { readonly kind: "blocked"; readonly path: HostPath };

export interface InstallerEvent {
  /** Absent where the line alone does not tell: it then belongs to the run that it stands in. */
  readonly installer: InstallerKind | undefined;
  readonly word: InstallerWord;
  readonly boot: BootId;
  readonly time: Micros;
  readonly ref: JournalRef;
}

/** How secrets come to this host, what was declared, what lies there, and what the installers said. */
export interface Installation {
  readonly declared: readonly DeclaredSecret[];
  readonly roots: readonly SecretRoot[];
  readonly keys: readonly DecryptionKey[];
  readonly events: readonly InstallerEvent[];
  /** The running system could be asked what it declares: what is not among `declared` is then not declared. */
  readonly declarationsRead: boolean;
  /** What of the installers' words could not be read. */
  readonly problem?: string;
  /** The activation script that runs an installer, where there is one. */
  readonly activation?: FileRef;
}
