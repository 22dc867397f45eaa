import type { Shortfall } from "../evidence/coverage.ts";
import type { ClockStep, HostEvent, HostJournal, JournalHead } from "../evidence/journal.ts";
import type { Gap } from "../evidence/evidence.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Host } from "../host/host.ts";
import type { BootsRead } from "../journal/boots.ts";
import { clockWatch } from "../journal/clock-steps.ts";
import { journalRef, type JournalEntry } from "../journal/entry.ts";
import { readHeaders, type HeadersRead } from "../journal/headers.ts";
import { hostMatches } from "../journal/matches.ts";
import { MESSAGE_ID } from "../journal/message-ids.ts";
import {
  failureText,
  firstEntryAfter,
  readEntries,
  type Nearest,
  type Window,
} from "../journal/read.ts";
import { sequenceHoles } from "../journal/sequence-holes.ts";
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
  const clockSteps: ClockStep[] = [];
  const stepBefore = clockWatch();
  let latest: JournalEntry | undefined;
  const take = (entry: JournalEntry): void => {
    latest = entry;
    const ref = journalRef(entry);
    const event = hostEvent(entry, ref);
    if (event !== undefined) events.push(event);
    if (entry.messageId === MESSAGE_ID.journalDropped)
      suppressed.push({ ...droppedOf(entry), ref });
    clockSteps.push(...stepBefore(entry));
  };
  const [read, oldest, { headers, damage, unverified }] = await Promise.all([
    readEntries(host, hostMatches(), window, take),
    firstEntryAfter(host, micros(0), {}),
    readFiles(host, boots.boots.length > 0),
  ]);
  const span = spanOf(boots.boots, window);
  const first = oldest.status === "found" ? oldest.entry : undefined;
  const complaints = [...boots.complaints, ...read.complaints];
  const partial = complaints.some((complaint) => TOO_FEW_RIGHTS.test(complaint));
  const shortfalls = [
    ...problems([boots.failure, read.failure], complaints),
    ...oldestMissing(oldest, boots),
    // Where rights are missing that is told once.
    ...damage.filter(({ reason }) => !TOO_FEW_RIGHTS.test(reason)),
    ...(boots.failure === undefined && boots.boots.length === 0
      ? [notKept("the journal holds no entry at all")]
      : []),
    ...(read.malformed > 0
      ? [damaged(`${read.malformed} lines of journalctl's output could not be understood`)]
      : []),
  ];
  return {
    journal: {
      boots: boots.boots,
      ...span,
      ...nameOf(latest ?? first),
      ...(first === undefined ? {} : { head: headOf(first, events) }),
      events,
      suppressed,
      clockSteps,
      holes: [],
      // Without the files of others, what is theirs looks lost.
      sequenceHoles: partial
        ? []
        : sequenceHoles(headers.files, boots.boots).filter(
            ({ since, until }) =>
              until >= (window.since ?? since) && since <= (window.until ?? until),
          ),
      ...(partial ? { partial: PARTIAL } : {}),
      shortfalls,
    },
    gaps: [
      ...(partial ? [gapOf({ kind: "rights", reason: PARTIAL })] : []),
      ...shortfalls.map(gapOf),
      ...(unverified === undefined ? [] : [{ ...gapOf({ reason: unverified }), required: false }]),
      ...[...new Set(complaints)]
        .filter((complaint) => OF_OTHERS.test(complaint))
        .map((reason) => ({ ...gapOf({ reason }), required: false })),
    ],
  };
};

/** Where there are boots there is an oldest entry. */
const oldestMissing = (
  oldest: Nearest,
  { boots, failure }: BootsRead,
): readonly JournalShortfall[] => {
  switch (oldest.status) {
    case "found":
      return [];
    case "none":
      return boots.length === 0
        ? []
        : [
            damaged(
              "journalctl names boots and shows no oldest entry: how far back it goes is not known",
            ),
          ];
    case "unknown":
      // What failed for the same reason before is told already.
      return oldest.why === failure
        ? []
        : [
            {
              kind: kindOf(oldest.why),
              reason: `its oldest entry could not be looked at: ${oldest.why}`,
            },
          ];
  }
};

type JournalShortfall = HostJournal["shortfalls"][number];

const gapOf = ({ kind, reason }: Pick<Gap, "kind" | "reason">): Gap => ({
  source: "journal",
  reason,
  required: true,
  ...(kind === undefined ? {} : { kind }),
});

const damaged = (reason: string): JournalShortfall => ({ kind: "damage", reason });
const notKept = (reason: string): JournalShortfall => ({ kind: "not-kept", reason });

/** A boot writes its first line within this time, in microseconds; most do within seconds. */
const FIRST_LINES = 5 * 60 * 1_000_000;
const MINUTE = 60 * 1_000_000;

/** In a container the kernel's clock is that of its host: there only journald's own word tells of a beginning. */
const headOf = (entry: JournalEntry, events: readonly HostEvent[]): JournalHead => ({
  boot: entry.boot,
  time: entry.time,
  afterBoot: entry.monotonic,
  isFirst:
    entry.monotonic <= FIRST_LINES ||
    entry.messageId === MESSAGE_ID.journalStart ||
    events.some(
      ({ kind, ref }) =>
        kind === "journal-started" && ref.time >= entry.time && ref.time - entry.time <= MINUTE,
    ),
});

/** Verifying costs about 20 seconds for a million entries, so only a small journal is verified. */
const MOST_VERIFIED = 50_000;

interface FilesRead {
  readonly headers: HeadersRead;
  readonly damage: readonly JournalShortfall[];
  /** Why the files could not be verified though they were asked about: that speaks neither for damage nor against it. */
  readonly unverified?: string;
}

/**
 * Entries that a damaged file has lost leave no word behind: journalctl shows the rest and ends with 0. A live journal is being
 * written while it is verified, so only recorded ones are.
 */
const readFiles = async (host: Host, hasEntries: boolean): Promise<FilesRead> => {
  const headers = await readHeaders(host);
  const { entries } = headers;
  const odd = oddHeaders(headers, hasEntries);
  if (host.ownJournal || entries === 0 || entries > MOST_VERIFIED) return { headers, damage: odd };
  const verified = await host.run({ program: "journalctl", args: ["--verify"] });
  if (verified.failure === "not-possible") return { headers, damage: odd };
  if (verified.failure !== undefined || verified.exitCode === null) {
    const why = failureText(verified);
    const reason = `journalctl --verify gave no answer: ${why}: whether a journal file is damaged is not known`;
    return { headers, damage: [...odd, { kind: kindOf(why), reason }] };
  }
  if (verified.exitCode !== 0 && isTooNewToVerify(`${verified.stdout}\n${verified.stderr}`))
    return { headers, damage: odd, unverified: TOO_NEW };
  return {
    headers,
    damage:
      verified.exitCode === 0
        ? odd
        : [
            ...odd,
            damaged("journalctl --verify finds a journal file damaged: entries may be missing"),
          ],
  };
};

/**
 * An older journalctl reads the files of a newer journald and refuses to verify them: `FAIL: /var/log/... (Operation not supported)`, below
 * `Cannot verify file with unknown extensions.` (journal_file_verify; 252 on the files of 257 and 262).
 */
const isTooNewToVerify = (text: string): boolean => {
  const failed = text.split("\n").filter((line) => line.startsWith("FAIL: "));
  return failed.length > 0 && failed.every((line) => line.endsWith("(Operation not supported)"));
};

const TOO_NEW =
  "this machine's journalctl is older than the journal and cannot verify it: whether a journal file is damaged is not known";

const HOLES_UNKNOWN = "whether entries are missing between files is not known";

const oddHeaders = (
  { entries, malformed, failure, hasNone }: HeadersRead,
  hasEntries: boolean,
): readonly JournalShortfall[] => {
  if (failure !== undefined)
    return [
      {
        kind: kindOf(failure),
        reason: `the headers of the journal's files could not be read: ${failure}: ${HOLES_UNKNOWN}`,
      },
    ];
  if (malformed > 0)
    return [
      damaged(
        `${malformed} ${malformed === 1 ? "header" : "headers"} of journal files could not be understood: ${HOLES_UNKNOWN}`,
      ),
    ];
  return hasNone !== true && hasEntries && entries === 0
    ? [
        damaged(
          `journalctl names boots and shows no header of a file with entries: ${HOLES_UNKNOWN}`,
        ),
      ]
    : [];
};

const TOO_FEW_RIGHTS =
  /not seeing messages from other users|insufficient permissions|journal.*Permission denied/iu;
const PARTIAL =
  "only a part of the journal may be read with these rights: run as root or as a member of systemd-journal";

/** journalctl says nothing about rights or bad files on stdout; what it says on stderr is a shortfall of its own. */
const problems = (
  failures: readonly (string | undefined)[],
  complaints: readonly string[],
): readonly JournalShortfall[] => {
  const found = new Map<string, JournalShortfall>();
  const add = (one: JournalShortfall): void => {
    if (!found.has(one.reason)) found.set(one.reason, one);
  };
  for (const failure of failures)
    if (failure !== undefined) add({ kind: kindOf(failure), reason: failure });
  for (const complaint of complaints) {
    if (TOO_FEW_RIGHTS.test(complaint)) continue;
    if (
      /Journal file .* (?:truncated|corrupted)|unsupported feature|Failed to open|Failed to map|Bad message|could not be read/iu.test(
        complaint,
      )
    ) {
      add(damaged(complaint));
    } else if (/No journal files were (?:found|opened)/iu.test(complaint)) {
      add(notKept("no journal files were found"));
    }
  }
  return [...found.values()];
};

const kindOf = (failure: string): Shortfall => {
  if (TOO_FEW_RIGHTS.test(failure)) return "rights";
  return /in time|no answer within|interrupted|printed too much|by a signal/u.test(failure)
    ? "limit"
    : "not-kept";
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
