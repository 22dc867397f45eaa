import type { HostEvent, HostJournal, JournalHole } from "../evidence/journal.ts";
import type { Gap } from "../evidence/evidence.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import type { BootsRead } from "../journal/boots.ts";
import { journalRef, type JournalEntry } from "../journal/entry.ts";
import { hostMatches } from "../journal/matches.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import {
  complaintsOf,
  firstEntryAfter,
  lastEntryBefore,
  readEntries,
  type Window,
} from "../journal/read.ts";
import { micros, unitName, type Micros, storePathOf, type UnitName } from "../vocabulary.ts";

export interface HostJournalRead {
  readonly journal: HostJournal;
  readonly gaps: readonly Gap[];
}

/** What the journal covers, and what happened to the host in it. */
export const collectHostJournal = async (
  host: Host,
  window: Window,
  boots: BootsRead,
): Promise<HostJournalRead> => {
  const events: HostEvent[] = [];
  const suppressed: { unit?: UnitName; count?: number; ref: JournalRef }[] = [];
  const clockJumps: JournalRef[] = [];
  let latest: JournalEntry | undefined;
  const take = (entry: JournalEntry): void => {
    latest = entry;
    const ref = journalRef(entry);
    const event = hostEvent(entry, ref);
    if (event !== undefined) events.push(event);
    if (entry.messageId === MESSAGE_ID.journalDropped)
      suppressed.push({ ...droppedOf(entry), ref });
    if (entry.messageId === MESSAGE_ID.timeChange) clockJumps.push(ref);
  };
  const [rights, read, damage] = await Promise.all([
    host.run({ program: "journalctl", args: ["--lines=0", "--output=short"] }),
    readEntries(host, hostMatches(), window, take),
    findDamage(host),
  ]);
  const span = spanOf(boots.boots, window);
  const anybody = latest ?? (await anyEntry(host));
  const complaints = [...boots.complaints, ...read.complaints, ...complaintsOf(rights.stderr)];
  const partial = complaints.some((complaint) => TOO_FEW_RIGHTS.test(complaint));
  const gaps = [
    ...problems(boots.failure ?? read.failure, complaints),
    ...damage,
    ...(boots.failure === undefined && boots.boots.length === 0
      ? [gap("the journal holds no entry at all")]
      : []),
    ...(read.malformed > 0
      ? [gap(`${read.malformed} lines of journalctl's output could not be understood`)]
      : []),
  ];
  return {
    journal: {
      boots: boots.boots,
      ...span,
      ...nameOf(anybody),
      events,
      suppressed,
      clockJumps,
      holes: [],
      ...(partial ? { partial: PARTIAL } : {}),
    },
    gaps,
  };
};

/** Verifying costs about 20 seconds for a million entries, so only a small journal is verified. */
const MOST_VERIFIED = 50_000;

/**
 * Entries that a damaged file has lost leave no word behind: journalctl shows the rest and ends with 0. A live journal is being
 * written while it is verified, so only recorded ones are.
 */
const findDamage = async (host: Host): Promise<readonly Gap[]> => {
  if (host.ownJournal) return [];
  const header = await host.run({ program: "journalctl", args: ["--header"] });
  const entries = [...header.stdout.matchAll(/^Entry objects: (?<count>\d+)$/gmu)].reduce(
    (sum, { groups }) => sum + Number(groups?.["count"]),
    0,
  );
  if (header.exitCode !== 0 || entries === 0 || entries > MOST_VERIFIED) return [];
  const verified = await host.run({ program: "journalctl", args: ["--verify"] });
  return verified.exitCode === null || verified.exitCode === 0
    ? []
    : [gap("journalctl --verify finds a journal file damaged: entries may be missing")];
};

export interface Silences {
  readonly holes: readonly JournalHole[];
  /** Why not all of the span could be looked at. */
  readonly unchecked?: string;
}

/**
 * The holes between two moments: spans of at least `least` microseconds in which nobody at all wrote a line.
 * Jumps ahead from entry to entry, so that a silent hour costs a few reads and a busy one is not read at all.
 */
export const findHoles = async (
  host: Host,
  span: { readonly since: Micros; readonly until: Micros },
  least: number,
  window: Window,
): Promise<Silences> => {
  const holes: JournalHole[] = [];
  const step = Math.max(least / 2, (span.until - span.since) / MOST_PROBES);
  let probe = micros(span.since + 1);
  while (probe < span.until) {
    const next = await firstEntryAfter(host, probe, window);
    if (next.status === "unknown") return { holes, unchecked: next.why };
    const found =
      next.status === "none" ? span.until : micros(Math.min(next.entry.time, span.until));
    if (found - probe >= step) {
      const before = await lastEntryBefore(host, probe, window);
      if (before.status === "unknown") return { holes, unchecked: before.why };
      const since =
        before.status === "none" ? span.since : micros(Math.max(before.entry.time, span.since));
      const isProven =
        host.ownJournal &&
        before.status === "found" &&
        next.status === "found" &&
        follows(before.entry, next.entry);
      if (found - since >= least && !isProven) holes.push({ since, until: found });
    }
    probe = micros(Math.max(found, probe) + step);
  }
  return { holes };
};

/**
 * Entries with neighbouring sequence numbers have nothing lost between them: the host was silent. Only on the host that wrote the
 * journal, since systemd-journal-remote numbers what it writes anew.
 */
const follows = (before: JournalEntry, next: JournalEntry): boolean => {
  const [a, b] = [before, next].map(({ fields }) => ({
    id: fields["__SEQNUM_ID"],
    number: Number(fields["__SEQNUM"]),
  }));
  return a?.id !== undefined && a.id === b?.id && a.number + 1 === b.number;
};

const anyEntry = async (host: Host): Promise<JournalEntry | undefined> => {
  const first = await firstEntryAfter(host, micros(0), {});
  return first.status === "found" ? first.entry : undefined;
};

const MOST_PROBES = 200;

const gap = (reason: string): Gap => ({ source: "journal", reason, required: true });

const TOO_FEW_RIGHTS =
  /not seeing messages from other users|insufficient permissions|journal.*Permission denied/iu;
const PARTIAL =
  "only a part of the journal may be read with these rights: run as root or as a member of systemd-journal";

/** journalctl says nothing about rights or bad files on stdout; what it says on stderr is a gap of its own. */
const problems = (failure: string | undefined, complaints: readonly string[]): readonly Gap[] => {
  const reasons = new Set<string>();
  const asides = complaints.filter((complaint) => OF_OTHERS.test(complaint));
  if (failure !== undefined) reasons.add(failure);
  for (const complaint of complaints) {
    if (TOO_FEW_RIGHTS.test(complaint)) {
      reasons.add(PARTIAL);
    } else if (
      /Journal file .* (?:truncated|corrupted)|unsupported feature|Failed to open|Failed to map|Bad message|could not be read/iu.test(
        complaint,
      )
    ) {
      reasons.add(complaint);
    } else if (/No journal files were (?:found|opened)/iu.test(complaint)) {
      reasons.add("no journal files were found");
    }
  }
  return [
    ...[...reasons].map(gap),
    ...[...new Set(asides)].map((reason): Gap => ({ ...gap(reason), required: false })),
  ];
};

/** What src/host/open-disk.ts leaves out is no part of this machine's story. */
const OF_OTHERS = /^journals of other machines are left out:/u;

const spanOf = (
  boots: HostJournal["boots"],
  window: Window,
): { readonly first?: Micros; readonly last?: Micros } => {
  const within = boots.filter(
    ({ first, last }) => last >= (window.since ?? first) && first <= (window.until ?? last),
  );
  if (within.length === 0) return {};
  const first = Math.min(...within.map((boot) => boot.first));
  const last = Math.max(...within.map((boot) => boot.last));
  return {
    first: micros(Math.max(first, window.since ?? first)),
    last: micros(Math.min(last, window.until ?? last)),
  };
};

const nameOf = (entry: JournalEntry | undefined): Pick<HostJournal, "hostname" | "machineId"> => {
  const hostname = entry?.fields["_HOSTNAME"];
  const machineId = entry?.fields["_MACHINE_ID"];
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(machineId === undefined ? {} : { machineId }),
  };
};

const TOPLEVEL = /\/nix\/store\/\w{32}-nixos-system-[\w.+-]+/u;
const SUDO = /^\s*(?<user>\S+) : .*\bCOMMAND=(?<command>.+)$/u;
/** What an operator does to a VM or its host; the rest of sudo's lines is nobody's business here. */
const RELEVANT_COMMAND =
  /microvm|nixos-rebuild|switch-to-configuration|\bclan\b|systemctl|\/run\/secrets|agenix|sops|nix-collect-garbage|nix(?:-store)? .*\bgc\b/u;
const INSTALLER = /sops|agenix/u;

const hostEvent = (entry: JournalEntry, ref: JournalRef): HostEvent | undefined => {
  if (entry.messageId === MESSAGE_ID.journalStart) return { kind: "journal-started", ref };
  if (entry.messageId === MESSAGE_ID.journalStop) return { kind: "journal-stopped", ref };
  if (entry.identifier === "nixos" || SWITCHING.has(entry.unit ?? "")) {
    const event = switchEvent(entry.message, ref);
    if (event !== undefined || entry.identifier === "nixos") return event;
  }
  if (entry.unit === "nix-gc.service" && entry.messageId === MESSAGE_ID.unitStarted)
    return { kind: "garbage-collected", ref };
  if (entry.identifier === "sudo") {
    const { user, command } = SUDO.exec(entry.message)?.groups ?? {};
    if (user === undefined || command === undefined || !RELEVANT_COMMAND.test(command))
      return undefined;
    return { kind: "operator", user, command, ref };
  }
  if (INSTALLER.test(entry.unit ?? entry.identifier)) {
    // A skip has the id of a start that is done; only its words tell.
    if (entry.messageId === MESSAGE_ID.unitStarted)
      return /\bskipped\b/iu.test(entry.message) ? undefined : { kind: "secrets-installed", ref };
    if (
      entry.messageId === MESSAGE_ID.unitFailureResult ||
      /fail|error|cannot/iu.test(entry.message)
    ) {
      return { kind: "secrets-failed", ref };
    }
  }
  return undefined;
};

/** Units in whose lines a switch is logged where nobody sits at a terminal. */
const SWITCHING: ReadonlySet<string> = new Set([
  "nixos-rebuild-switch-to-configuration.service",
  "nixos-upgrade.service",
]);

const UNIT_LIST =
  /^(?<action>stopping|starting|restarting|reloading) the following units: (?<units>\S.*)$/u;

/** The words of switch-to-configuration (nixpkgs pkgs/by-name/sw/switch-to-configuration-ng, and the Perl script before it). */
const switchEvent = (text: string, ref: JournalRef): HostEvent | undefined => {
  const list = UNIT_LIST.exec(text)?.groups;
  if (list?.["action"] !== undefined) {
    const units = (list["units"] ?? "").split(/,\s*/u).map((unit) => unitName(unit.trim()));
    return { kind: "switch-units", action: list["action"], units, ref };
  }
  if (!/switching to system configuration/u.test(text) || /finished/u.test(text)) return undefined;
  const toplevel = storePathOf(TOPLEVEL.exec(text)?.[0] ?? "");
  return {
    kind: /\bfailed\b/u.test(text) ? "switch-failed" : "switch",
    ...(toplevel === undefined ? {} : { toplevel }),
    ref,
  };
};

const droppedOf = (entry: JournalEntry): { readonly unit?: UnitName; readonly count?: number } => {
  const words = /Suppressed (?<count>\d+) messages from (?<unit>\S+)/u.exec(entry.message)?.groups;
  const unit = entry.fields["OBJECT_SYSTEMD_UNIT"] ?? words?.["unit"];
  const count = Number(entry.fields["N_DROPPED"] ?? words?.["count"]);
  return {
    ...(unit === undefined ? {} : { unit: unitName(unit) }),
    ...(Number.isFinite(count) ? { count } : {}),
  };
};
