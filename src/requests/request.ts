import type { QuestionListener } from "../host/heard-host.ts";
import type { Reports } from "../report/report.ts";
import type { Redactable, Severity } from "../vocabulary.ts";

/** Where the evidence comes from, as the command line names it; nothing of it means this host. */
export interface Source {
  readonly root?: string | undefined;
  readonly directory?: string | undefined;
  readonly file?: readonly string[] | undefined;
  readonly bundle?: string | undefined;
  /** Hosts that ssh(1) knows. */
  readonly host?: readonly string[] | undefined;
  /** Runs the commands on these behind `sudo -n`. */
  readonly sudo?: boolean | undefined;
  /** Journals of other machines that this one has received, too. */
  readonly merge?: boolean | undefined;
  /** A systemd-journal-gatewayd(8). */
  readonly journalUrl?: string | undefined;
  /** How long a program may take for an answer, in seconds. */
  readonly timeout?: number | undefined;
}

/** Times in the grammar of systemd.time(7); `boot` as journalctl -b takes it. */
export interface Times {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly boot?: string | undefined;
  readonly now?: string | undefined;
  readonly utc?: boolean | undefined;
}

export interface Request {
  readonly source: Source;
  readonly times: Times;
  /** Without a name: every VM found. */
  readonly vms: readonly string[];
  /** A flake reference to the configuration repository, a directory of this machine. */
  readonly flake?: string | undefined;
  /** A configuration file of this machine; without it the usual one, where it is there. */
  readonly config?: string | undefined;
  readonly showSkipped?: boolean | undefined;
  /** Whether the timeline has a row for every start of a crash loop, and for every line that says the same again. */
  readonly everyStart?: boolean | undefined;
  /** Only a line for each VM is asked for: those that are not well are diagnosed, so many at most. */
  readonly list?: ListRequest | undefined;
  /** Whether the report tells which commands were run. */
  readonly showCommands?: boolean | undefined;
  /** Which names to replace by pseudonyms. */
  readonly redaction?: Redaction | undefined;
  /** Hears what the hosts are asked, and how far journals were read. */
  readonly listener?: QuestionListener | undefined;
  /** Ends the reading of evidence: what was read until then is reasoned over. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListRequest {
  readonly mostDiagnosed: number;
  /** The answers are kept for later, when each VM is asked for alone. */
  readonly isRecorded?: boolean;
}

/** What came of a request. Each failure that was foreseen is an answer of its own. */
export type Answer =
  | {
      readonly status: "diagnosed";
      readonly reports: Reports;
      readonly severities: readonly Severity[];
      readonly complete: boolean;
      /** What the pseudonyms stand for, as the text of a file; where they were asked for. */
      readonly redactionMap?: string;
    }
  | Refusal;

/** Which names to replace, and the file that tells what they were before; a file that is there already is gone on with. */
export interface Redaction {
  readonly kinds: readonly Redactable[];
  readonly map?: string | undefined;
}

/** Why a request came to nothing. */
export type Refusal = NoSuchVm | WrongUsage | BadBundle;

export interface NoSuchVm {
  readonly status: "no-such-vm";
  readonly vm: string;
  readonly known: readonly string[];
}

export interface WrongUsage {
  readonly status: "wrong-usage";
  readonly message: string;
  readonly hint?: string;
}

export interface BadBundle {
  readonly status: "bad-bundle";
  readonly message: string;
}
