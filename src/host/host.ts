import type { FileStat } from "../evidence/reference.ts";
import type { JournalFields } from "./journal-fields.ts";
import type { HostPath, Micros } from "../vocabulary.ts";

/** The programs that a host may run; each is only ever asked to read. */
export const PROGRAMS = ["journalctl", "systemctl", "nix-store", "nix", "getfacl", "git"] as const;
export type Program = (typeof PROGRAMS)[number];

/** A program with its arguments, as the report shows it. Where the host lies elsewhere (`--root`), the host adds what is needed. */
export interface Command {
  readonly program: Program;
  readonly args: readonly string[];
}

export const COMMAND_FAILURES = [
  "not-installed",
  "timed-out",
  "too-much-output",
  "not-possible",
  /** Whoever asked has given up (Ctrl-C). */
  "interrupted",
] as const;
export type CommandFailure = (typeof COMMAND_FAILURES)[number];

export interface CommandEnd {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly failure?: CommandFailure;
}

export interface CommandResult extends CommandEnd {
  readonly stdout: string;
}

/**
 * Some entries of a journal, one after the other; `undefined` for a piece that was none. They may be decoded only when they are taken, so
 * that a batch is read before the next one is asked for.
 */
export type EntryBatch = Iterable<JournalFields | undefined>;

/**
 * What a program prints. `end` settles when all of it was taken or the reader stopped. A reader takes the lines or the entries, not both.
 */
export interface CommandStream {
  /** As bytes, without the newline that ended them. */
  readonly lines: AsyncIterable<Buffer>;
  /** The same as `lines`, where a journal is read in bulk: much cheaper than a line of JSON for each entry. */
  readonly entries?: AsyncIterable<EntryBatch>;
  readonly end: Promise<CommandEnd>;
  /** Where somebody wants to hear how far a journal was read: how many entries a batch had, and the time of its last one. */
  readonly read?: (entries: number, last: Micros | undefined) => void;
}

export type Lookup<T> =
  | { readonly status: "present"; readonly value: T }
  | { readonly status: "absent" }
  | { readonly status: "denied" }
  | { readonly status: "loop" }
  | { readonly status: "refused"; readonly reason: string };

/** The VMs and the span of the journal that a bundle holds; without a bound it is all that the host had. */
export interface Scope {
  readonly vms: readonly string[];
  /** It was collected for every VM that the host was found to have. */
  readonly everyVm: boolean;
  readonly since?: Micros;
  readonly boot?: string;
}

/** A host as it is opened, whose text is as others wrote it: only `maskedHost` (src/host/masked-host.ts) takes one. */
export interface UnmaskedHost {
  /** `live`: a host as it is now, whose systemd can be asked; the others are what was kept of one. */
  readonly kind: "live" | "root" | "bundle";
  /** Its journal is the one that its own journald writes: sequence numbers are that journald's, and the newest file is open. */
  readonly ownJournal: boolean;
  /** Why nothing at all can be asked of it. */
  readonly unreachable?: string;
  /** What could not be looked at of the place that it was found in, each a sentence: a host may be missing. */
  readonly missing?: readonly string[];
  /** Of a bundle: what it was collected for. Beyond that it knows nothing. */
  readonly scope?: Scope;
  /** Shown to people: `this host`, `/mnt/disk`, `rca.mvb`. */
  readonly origin: string;
  /** lstat(2), with every symlink in front of the last component resolved inside the host's root. */
  lstat(path: HostPath): Promise<Lookup<FileStat>>;
  /** The names in a directory, sorted bytewise. */
  list(path: HostPath): Promise<Lookup<readonly string[]>>;
  /** The text of a file of a public kind (unit files, store scripts, passwd, ...); `refused` for everything else. */
  readText(path: HostPath): Promise<Lookup<string>>;
  run(command: Command): Promise<CommandResult>;
  stream(command: Command): CommandStream;
}

/** A host whose every answer is masked. */
export interface Host extends UnmaskedHost {
  /** `maskedHost` says so, and nothing else. */
  readonly isMasked: true;
}
