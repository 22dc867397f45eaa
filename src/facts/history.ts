import type { HostEvent, HostJournal, Invocation, VmJournal } from "../evidence/journal.ts";
import type { LinkedRunners } from "../evidence/evidence.ts";
import type { CommandRef, EvidenceRef, FileRef, JournalRef } from "../evidence/reference.ts";
import type { Generations } from "../evidence/store.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { VmUnit } from "../evidence/unit.ts";
import { micros, type Micros, type StorePath, type VmName } from "../vocabulary.ts";
import { findLoops, type Loop } from "./loops.ts";
import { endOfProcess, endOfStart, failureSignature, hasFailed, reachedReady } from "./starts.ts";

/** Why nothing of the VM ran for a while. */
export type SilenceReason =
  | { readonly kind: "stopped"; readonly ref: JournalRef; readonly command?: JournalRef }
  | { readonly kind: "skipped"; readonly ref: JournalRef }
  | { readonly kind: "start-limit"; readonly ref: JournalRef }
  | { readonly kind: "other-boot" }
  /** With the number of entries that are missing at least, where numbers tell of it; nobody wrote a line where none do. */
  | {
      readonly kind: "journal-hole";
      readonly since: Micros;
      readonly until: Micros;
      readonly count?: number;
    }
  | { readonly kind: "unrecorded" };

/** Which runner a phase used, and how that is known. */
export interface PhaseRunner {
  readonly path: StorePath;
  readonly certainty: "proven" | "strong";
  readonly evidence: readonly EvidenceRef[];
}

export interface Phase {
  /** From 1, in the order of time; silences count. */
  readonly index: number;
  readonly kind: "failing" | "running" | "silent";
  readonly start: Micros;
  /** Absent where the phase lasts to the end of the evidence. */
  readonly end?: Micros;
  readonly starts: readonly Invocation[];
  readonly loop?: Loop;
  readonly runner?: PhaseRunner;
  readonly reasons: readonly SilenceReason[];
  /** systemd's answer that it goes on. */
  readonly runningBy?: CommandRef;
  /** What happened on the host that may have begun this phase. */
  readonly changes: readonly Change[];
}

/** Something that can give the VM another runner, unit or secrets. */
export type Change =
  | {
      readonly kind: "switch";
      readonly time: Micros;
      readonly toplevel?: StorePath;
      readonly ref: JournalRef;
    }
  | { readonly kind: "install"; readonly time: Micros; readonly ref: JournalRef }
  | {
      readonly kind: "relink";
      readonly time: Micros;
      readonly target: string;
      readonly ref: FileRef;
    }
  | {
      readonly kind: "operator";
      readonly time: Micros;
      readonly command: string;
      readonly ref: JournalRef;
    }
  | { readonly kind: "secrets"; readonly time: Micros; readonly ref: JournalRef };

export interface History {
  readonly phases: readonly Phase[];
  readonly loops: readonly Loop[];
  readonly changes: readonly Change[];
  /** The newest start has no end in the journal, or systemd says that it is active. */
  readonly running: boolean;
  /** systemd's answer, where it decided `running`. */
  readonly runningBy?: CommandRef;
  readonly readyStarts: readonly Invocation[];
}

export interface HistoryInput {
  readonly vm: VmName;
  readonly vmJournal: VmJournal;
  readonly hostJournal: HostJournal;
  readonly state?: StateDirectory;
  readonly runners?: LinkedRunners;
  readonly generations?: Generations;
  readonly unit?: VmUnit;
}

const SECOND = 1_000_000;
/** A unit that is down for longer than this is a phase of its own. */
const QUIET = 120 * SECOND;
/** An operator's command and what it does stand this close together. */
const AT_HAND = 15 * SECOND;

/** The story of a VM as phases: spans with one runner, one boot and one behaviour, and the silences between them. */
export const deriveHistory = (input: HistoryInput): History => {
  const { vmJournal, hostJournal, unit } = input;
  const starts = vmJournal.invocations;
  const last = hostJournal.last;
  const seenUntil = (start: Invocation): Micros | undefined => aliveUntil(unit, start) ?? last;
  const ready = (start: Invocation): boolean =>
    reachedReady(start, seenUntil(start), unit?.type?.value);
  const changes = changesOf(input);
  const loops = findLoops(starts);
  const running = isRunning(input);

  const groups: Invocation[][] = [];
  /** The end of the rounds of the newest group that are held as times alone. */
  let roundsUntil = 0;
  for (const [index, start] of starts.entries()) {
    const group = groups.at(-1);
    const previous = group?.at(-1);
    if (
      group === undefined ||
      previous === undefined ||
      isBoundary(
        {
          previous,
          start,
          next: starts[index + 1],
          before: group.at(-2),
          seen: micros(Math.max(endOfStart(previous) ?? previous.last.time, roundsUntil)),
        },
        changes,
        ready,
        (one, before) => outlives(one, before, aliveUntil(unit, one), last),
      )
    ) {
      groups.push([start]);
      roundsUntil = 0;
    } else group.push(start);
    roundsUntil = Math.max(roundsUntil, start.alike?.last ?? 0);
  }

  const phases: Omit<Phase, "index">[] = [];
  for (const [index, group] of groups.entries()) {
    const [first] = group;
    const final = group.at(-1);
    if (first === undefined || final === undefined) continue;
    const next = groups[index + 1]?.[0];
    const isLast = next === undefined;
    const open = isLast && running;
    const end = open
      ? undefined
      : (endOfStart(final) ??
        (isLast ? final.last.time : micros(Math.min(final.last.time, next.first.time))));
    const from = phases.at(-1)?.end ?? phases.at(-1)?.start ?? micros(0);
    phases.push({
      kind: group.some(ready) || !group.some(hasFailed) ? "running" : "failing",
      start: first.first.time,
      ...(end === undefined ? {} : { end }),
      starts: group,
      ...loopIn(loops, group),
      ...runnerIn(input, group, changes, open),
      ...(open && unit?.live !== undefined ? { runningBy: unit.live.ref } : {}),
      reasons: [],
      changes: changes.filter(({ time }) => time > from && time <= first.first.time),
    });
    const silentUntil = next?.first.time ?? last;
    if (end !== undefined && silentUntil !== undefined && silentUntil - end > QUIET) {
      phases.push({
        kind: "silent",
        start: end,
        ...(isLast ? {} : { end: silentUntil }),
        starts: [],
        reasons: silenceReasons(input, { since: end, until: silentUntil }, final, next),
        changes: changes.filter(({ time }) => time > end && time < silentUntil),
      });
    }
  }
  return {
    phases: phases.map((phase, index) => ({ ...phase, index: index + 1 })),
    loops,
    changes,
    running,
    ...(unit?.live === undefined ? {} : { runningBy: unit.live.ref }),
    readyStarts: starts.filter(ready),
  };
};

interface Neighbours {
  /** How far what came before is known to have gone on. */
  readonly seen: Micros;
  readonly before: Invocation | undefined;
  readonly previous: Invocation;
  readonly start: Invocation;
  readonly next: Invocation | undefined;
}

const isBoundary = (
  { seen, before, previous, start, next }: Neighbours,
  changes: readonly Change[],
  ready: (start: Invocation) => boolean,
  goesOn: (start: Invocation, previous: Invocation) => boolean,
): boolean => {
  if (previous.boot !== start.boot) return true;
  if (
    changes.some(
      ({ kind, time }) =>
        (kind === "install" || kind === "relink" || kind === "switch") &&
        time > previous.first.time &&
        time <= start.first.time,
    )
  ) {
    return true;
  }
  if (start.first.time - seen > QUIET) return true;
  if (ready(previous) !== ready(start)) return true;
  // A stop may have cut the last round short, before it could fail.
  const round = hasFailed(previous) ? previous : before;
  if (next === undefined && round !== undefined && goesOn(start, round)) return true;
  const [old, now] = [failureSignature(previous), failureSignature(start)];
  // One odd round inside a loop is no new phase; a lasting change is.
  return (
    old !== now &&
    hasFailed(previous) &&
    hasFailed(start) &&
    (before === undefined || failureSignature(before) === old) &&
    (next === undefined || failureSignature(next) === now)
  );
};

/** A start that systemd itself says has lived for this long is no round of a loop that fails sooner. */
const LEAST_LIFE = 5 * SECOND;

/**
 * The newest start is no round of the loop before it: it goes on for longer than three rounds of it, or, by systemd's own word, has lived
 * three times as long as the round before.
 */
const outlives = (
  start: Invocation,
  previous: Invocation,
  alive: Micros | undefined,
  last: Micros | undefined,
): boolean => {
  if (!hasFailed(previous) || hasFailed(start) || endOfStart(start) !== undefined) return false;
  const lived = (until: Micros): number => until - start.first.time;
  if (alive !== undefined) {
    const before = (endOfProcess(previous) ?? previous.last.time) - previous.first.time;
    return lived(alive) > Math.max(LEAST_LIFE, 3 * before);
  }
  return last !== undefined && lived(last) > 3 * (start.first.time - previous.first.time);
};

/** How far a start's life is known by systemd's word, where it is the one that is up now. */
const aliveUntil = (unit: VmUnit | undefined, start: Invocation): Micros | undefined => {
  const live = unit?.live;
  if (live?.activeState !== "active" || live.invocation !== start.id || live.upFor === undefined)
    return undefined;
  return micros((live.activeSince ?? start.first.time) + live.upFor);
};

const isRunning = ({ vmJournal, unit }: HistoryInput): boolean => {
  if (unit?.live !== undefined) return unit.live.activeState === "active";
  const newest = vmJournal.invocations.at(-1);
  return (
    newest !== undefined && endOfStart(newest) === undefined && newest.spawnFailures.length === 0
  );
};

const loopIn = (loops: readonly Loop[], group: readonly Invocation[]): { readonly loop?: Loop } => {
  const inGroup = new Set(group);
  const loop = loops
    .map((one) => findLoops(one.starts.filter((start) => inGroup.has(start)))[0])
    .find((one) => one !== undefined);
  return loop === undefined ? {} : { loop };
};

const changesOf = ({ vm, vmJournal, hostJournal, state }: HistoryInput): readonly Change[] => {
  const events = hostJournal.events.filter((event) => !isAboutAnother(event, vm)).flatMap(changeOf);
  const installs = vmJournal.helpers
    .filter(({ unit }) => unit.startsWith("install-microvm-"))
    .map(({ first }): Change => ({ kind: "install", time: first.time, ref: first }));
  const current = state?.links.current?.hops[0];
  const relinked = current?.stat;
  // A tree that was copied has new link times; one later than the newest entry says nothing about the story.
  const relink: readonly Change[] =
    current !== undefined && relinked !== undefined && isWithin(relinked.mtime, hostJournal)
      ? [{ kind: "relink", time: relinked.mtime, target: relinked.target ?? "", ref: current }]
      : [];
  return [...events, ...installs, ...relink].toSorted((a, b) => a.time - b.time);
};

const NAMED_VM =
  /microvm[\w-]*@(?<instance>[\w.:-]+)|microvms\/(?<directory>[\w.:-]+)|install-microvm-(?<installed>[\w.:-]+)/gu;

/** An operator's command that names other VMs and not this one. */
const isAboutAnother = (event: HostEvent, vm: VmName): boolean => {
  if (event.kind !== "operator") return false;
  const named = [...event.command.matchAll(NAMED_VM)].map(({ groups }) =>
    (groups?.["instance"] ?? groups?.["directory"] ?? groups?.["installed"] ?? "").replace(
      /\.service$/u,
      "",
    ),
  );
  return named.length > 0 && !named.includes(vm);
};

const isWithin = (time: Micros, { first, last }: HostJournal): boolean =>
  first !== undefined && last !== undefined && time >= first && time <= last;

const changeOf = (event: HostEvent): readonly Change[] => {
  switch (event.kind) {
    case "switch":
      return [{ ...event, time: event.ref.time }];
    case "operator":
      return [{ kind: "operator", time: event.ref.time, command: event.command, ref: event.ref }];
    case "secrets-installed":
    case "secrets-failed":
      return [{ kind: "secrets", time: event.ref.time, ref: event.ref }];
    case "switch-failed":
    case "switch-units":
    case "garbage-collected":
    case "journal-started":
    case "journal-stopped":
      return [];
  }
};

/** The runner of a phase: the link that stands, where it is old enough; else what the generation of the last switch installs. */
const runnerIn = (
  { state, runners, generations, hostJournal }: HistoryInput,
  group: readonly Invocation[],
  changes: readonly Change[],
  open: boolean,
): { readonly runner?: PhaseRunner } => {
  const [first] = group;
  if (first === undefined) return {};
  const own = runners?.startedBy;
  const named = runners?.current?.directory ?? runners?.current?.scriptStore;
  if (own !== undefined) {
    // Which command an earlier unit had, nothing tells.
    const units = new Set((generations?.list ?? []).map(({ unit }) => unit));
    const isOther =
      units.size > 1 &&
      changes.some(({ kind, time }) => kind === "switch" && time > first.first.time);
    return named !== undefined && !isOther
      ? { runner: { path: named, certainty: "strong", evidence: [own] } }
      : {};
  }
  const booted = state?.links.booted;
  const current = state?.links.current;
  if (open && booted?.store !== undefined && runners?.booted !== undefined) {
    return { runner: { path: booted.store, certainty: "proven", evidence: [booted.hops[0]] } };
  }
  const relinked = current?.hops[0].stat?.mtime;
  const isCurrent =
    relinked !== undefined &&
    (isWithin(relinked, hostJournal) ? relinked <= first.first.time : open);
  if (current?.store !== undefined && isCurrent) {
    return {
      runner: {
        path: current.store,
        certainty: relinked <= first.first.time ? "proven" : "strong",
        evidence: [current.hops[0]],
      },
    };
  }
  const switched = changes.findLast(
    ({ kind, time }) => kind === "switch" && time <= first.first.time,
  );
  const toplevel = switched?.kind === "switch" ? switched.toplevel : undefined;
  const generation = generations?.list.find(
    (one) => one.toplevel === toplevel && one.runner !== undefined && !one.frozen,
  );
  if (
    switched === undefined ||
    generation?.runner === undefined ||
    generation.installer === undefined
  )
    return {};
  return {
    runner: {
      path: generation.runner,
      certainty: "strong",
      evidence: [switched.ref, generation.installer],
    },
  };
};

const silenceReasons = (
  { vmJournal, hostJournal }: HistoryInput,
  span: { readonly since: Micros; readonly until: Micros },
  before: Invocation,
  next: Invocation | undefined,
): readonly SilenceReason[] => {
  const reasons: SilenceReason[] = [];
  const within = ({ time }: JournalRef): boolean =>
    time >= span.since - AT_HAND && time <= span.until;
  const stop = vmJournal.stops.findLast(
    ({ unit, ref }) => unit === before.unit && within(ref) && ref.time <= span.since + AT_HAND,
  );
  if (stop !== undefined) {
    const command = hostJournal.events.findLast(
      (event) =>
        event.kind === "operator" &&
        /systemctl\s.*\b(?:stop|kill|restart)\b|microvm/u.test(event.command) &&
        Math.abs(event.ref.time - stop.ref.time) <= AT_HAND,
    );
    reasons.push({
      kind: "stopped",
      ref: stop.ref,
      ...(command === undefined ? {} : { command: command.ref }),
    });
  }
  const limit = vmJournal.limits.find(({ ref }) => within(ref));
  if (limit !== undefined) reasons.push({ kind: "start-limit", ref: limit.ref });
  const skip = vmJournal.skipped.find(({ unit, ref }) => unit === before.unit && within(ref));
  if (skip !== undefined) reasons.push({ kind: "skipped", ref: skip.ref });
  if (next !== undefined && next.boot !== before.boot) reasons.push({ kind: "other-boot" });
  for (const hole of hostJournal.holes) {
    if (hole.since < span.until && hole.until > span.since)
      reasons.push({ kind: "journal-hole", ...hole });
  }
  for (const { since, until, count } of hostJournal.sequenceHoles) {
    if (since < span.until && until > span.since)
      reasons.push({ kind: "journal-hole", since, until, count });
  }
  return reasons.length === 0 ? [{ kind: "unrecorded" }] : reasons;
};
