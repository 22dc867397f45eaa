import type { HostPath, Micros } from "../vocabulary.ts";

export type FileType =
  | "file"
  | "directory"
  | "symlink"
  | "socket"
  | "fifo"
  | "character-device"
  | "block-device";

/** What lstat(2) says of one path. Times in microseconds; `mode` holds the twelve permission bits. */
export interface FileStat {
  readonly type: FileType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: Micros;
  readonly ctime: Micros;
  /** Birth time; absent where the file system does not keep it. */
  readonly birth?: Micros;
  /** Under how many names a file is there; absent where that is one, or was not asked. */
  readonly links?: number;
  /** What a symlink holds, as written. */
  readonly target?: string;
}

/** One line of a journal, with the masked text. */
export interface JournalRef {
  /** In so many rounds of a loop the same was written, this one among them; absent where it stands for itself alone. */
  readonly rounds?: number;
  readonly kind: "journal";
  readonly cursor: string;
  readonly time: Micros;
  readonly identifier: string;
  readonly pid?: number;
  /** The user that the writing process ran as, by journald's word (`_UID`). */
  readonly uid?: number;
  readonly text: string;
}

/** A path with its stat, its absence, or one line of its text (unit files and store scripts only). */
export interface FileRef {
  readonly kind: "file";
  readonly path: HostPath;
  readonly stat?: FileStat;
  readonly absent?: true;
  /** A POSIX ACL in getfacl's short form, where the file has one beyond its mode. */
  readonly acl?: string;
  /** 1-based line that `text` stands on. */
  readonly line?: number;
  readonly text?: string;
}

export interface CommandRef {
  readonly kind: "command";
  readonly argv: readonly string[];
  /** `null` when the command could not be started. */
  readonly exitCode: number | null;
  readonly text?: string;
}

/** What carries a claim of absence: which source was looked at, from when to when. */
export interface CoverageRef {
  readonly kind: "coverage";
  readonly source: string;
  readonly text: string;
  readonly since?: Micros;
  readonly until?: Micros;
  /** The lines of the coverage ledger that carry it, by their keys (evidence/coverage.ts). */
  readonly ledger: readonly [string, ...string[]];
}

export type EvidenceRef = JournalRef | FileRef | CommandRef | CoverageRef;

/** One piece of evidence or more: a finding without evidence does not type-check. */
export type EvidenceList = readonly [EvidenceRef, ...EvidenceRef[]];

/** The same observation always has the same key, whoever cites it. */
export const evidenceKey = (ref: EvidenceRef): string => {
  switch (ref.kind) {
    case "journal":
      return `journal ${ref.cursor}`;
    case "file":
      return `file ${ref.path} ${ref.line ?? ""} ${ref.absent === true ? "absent" : ""}`;
    case "command":
      return `command ${ref.argv.join("\0")} ${ref.text ?? ""}`;
    case "coverage":
      return `coverage ${ref.source} ${ref.text} ${ref.ledger.join("\0")}`;
  }
};
