import type { HostJournal, Invocation } from "../evidence/journal.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import type { StoredRunner } from "../evidence/store.ts";
import type { Runner } from "../evidence/runner.ts";
import type { History, Phase } from "../facts/history.ts";
import { waysForSecrets } from "../facts/handover.ts";
import type { Secret } from "../facts/secrets.ts";
import { journalCoverage } from "../facts/journal-coverage.ts";
import { whatMayHide } from "../facts/ledger.ts";
import { countOf, endOfStart, guestSpoke, meaningsIn } from "../facts/starts.ts";
import { counted, listed, moment } from "../facts/wording.ts";
import { formatDuration } from "../time/format-time.ts";
import type { EverWorked } from "./finding.ts";

export interface EverWorkedInput {
  readonly history: History | undefined;
  readonly hostJournal: HostJournal | undefined;
  readonly secrets: readonly Secret[];
  /** Runners by their directory or their script in the store, as far as their text is known. */
  readonly runners: ReadonlyMap<string, Runner>;
  readonly journalComplete: boolean;
}

/**
 * Did a secret reach the guest with content? Yes by the guest's own word; no only where every start of the window is known to have
 * carried none and the journal has no hole in which another start could lie. A unit that is up proves nothing.
 */
export const everWorked = (input: EverWorkedInput): EverWorked => {
  const { history, hostJournal, secrets } = input;
  if (history === undefined || hostJournal === undefined) {
    return { answer: "unknown", basis: "The journal could not be read.", evidence: [] };
  }
  if (secrets.length === 0) {
    return {
      answer: "unknown",
      basis: "Nothing shows that this VM was ever meant to get a secret.",
      evidence: [],
    };
  }
  const starts = history.phases.flatMap(({ starts: own }) => own);
  const received = starts.flatMap(wordOfSuccess);
  const [proof] = received;
  if (proof !== undefined) {
    const names = [...new Set(received.map(({ name }) => name))];
    return {
      answer: "yes",
      basis: `The guest itself reports content for ${listed(names)}.`,
      evidence: received
        .map(({ ref }) => ref)
        .filter((ref, index, all) => all.findIndex((one) => one.cursor === ref.cursor) === index),
    };
  }
  const coverage = journalCoverage(hostJournal, coverageWords(hostJournal));
  const doubts = doubtsIn(input, history, hostJournal);
  if (doubts.length > 0)
    return { answer: "unknown", basis: doubts.join(" "), evidence: [coverage] };
  if (starts.length === 0) {
    return {
      answer: "unknown",
      basis: "The journal holds no start of this VM.",
      evidence: [coverage],
    };
  }
  return {
    answer: "no",
    basis: `None of ${counted(countOf(starts), "start")} in the journal brought a secret with content to the guest, and the journal has no hole between its first and last entry. ${boundOf(hostJournal)}`,
    evidence: [coverage, ...history.phases.flatMap((phase) => whyNot(phase))],
  };
};

/** A size above 0; or that it was received, unless the same guest then finds it empty or not there. */
const wordOfSuccess = (start: Invocation) => {
  const sizes = meaningsIn(start, "credential-size");
  const missed = new Set([
    ...sizes.filter(({ meaning }) => meaning.bytes === 0).map(({ meaning }) => meaning.name),
    ...meaningsIn(start, "credential-file-missing").map(({ meaning }) => meaning.name),
  ]);
  return [
    ...sizes
      .filter(({ meaning }) => meaning.bytes > 0)
      .map(({ meaning, ref }) => ({ name: meaning.name, ref })),
    ...meaningsIn(start, "credentials-received").flatMap(({ meaning, ref }) =>
      meaning.names.filter((name) => !missed.has(name)).map((name) => ({ name, ref })),
    ),
  ];
};

const coverageWords = ({ boots, holes, sequenceHoles }: HostJournal): string => {
  const found = holes.length + sequenceHoles.length;
  return `${counted(boots.length, "boot")}, ${found === 0 ? "no hole" : counted(found, "hole")} found`;
};

/** From when on a "no" holds: the journal knows nothing of what it does not keep. */
const boundOf = ({ first, head }: HostJournal): string => {
  if (first === undefined || head === undefined || head.time < first || head.isFirst)
    return "What was before, it cannot tell.";
  return `It begins at ${moment(first)}, ${formatDuration(head.afterBoot)} after the host's boot: the answer holds from then on, and what was before is not kept.`;
};

/** Everything that could hide a success, each in a sentence. */
const doubtsIn = (
  input: EverWorkedInput,
  history: History,
  hostJournal: HostJournal,
): readonly string[] => {
  const doubts: string[] = [];
  for (const { since, until } of hostJournal.holes) {
    doubts.push(
      `For ${formatDuration(until - since)} the journal holds no entry of anybody, so a start in that hole would not be seen.`,
    );
  }
  for (const { count, since, until } of hostJournal.sequenceHoles) {
    doubts.push(
      `Between ${moment(since)} and ${moment(until)} at least ${counted(count, "entry", "entries")} that journald had written ${count === 1 ? "is" : "are"} missing, and a start or a guest's word may have been among them.`,
    );
  }
  if (hostJournal.unchecked !== undefined)
    doubts.push("Whether the journal has holes could not be looked at.");
  if (!input.journalComplete) doubts.push("The journal could be read only in part.");
  const units = new Set(history.phases.flatMap(({ starts }) => starts.map(({ unit }) => unit)));
  if (
    whatMayHide(hostJournal, { concerns: (unit) => units.has(unit) }).some(
      ({ kind }) => kind === "suppressed",
    )
  ) {
    doubts.push(
      "journald suppressed lines of the unit or of systemd, and a guest's word or a start may be among them.",
    );
  }
  for (const phase of history.phases) {
    const open = phase.starts.filter((start) => couldHaveWorked(start, phase, input));
    if (open.length > 0) {
      doubts.push(
        `${counted(countOf(open), "start")} of phase ${phase.index} let a guest run, and nothing tells what it got.`,
      );
    }
  }
  return doubts;
};

/** A start that may have brought a secret: it was not ended before the VMM, its runner has a way or is unknown, and its guest does not say no. */
const couldHaveWorked = (
  start: Invocation,
  phase: Phase,
  { runners, secrets }: EverWorkedInput,
): boolean => {
  if (start.spawnFailures.length > 0 || hadNoProcess(start)) return false;
  const spoke = guestSpoke(start) !== undefined;
  const readFailed =
    meaningsIn(start, "permission-denied").length > 0 ||
    meaningsIn(start, "no-such-file").length > 0;
  const ended = endOfStart(start);
  const brief = ended !== undefined && ended - start.first.time < 30_000_000;
  if (readFailed && brief && !spoke) return false;
  const runner = phase.runner === undefined ? undefined : runners.get(phase.runner.path);
  if (runner !== undefined && waysForSecrets(runner, secrets).length === 0) return false;
  const told =
    meaningsIn(start, "credential-size").length > 0 ||
    meaningsIn(start, "credential-file-missing").length > 0;
  if (told) return false;
  return !(brief && start.exits.some(({ status }) => status !== 0) && !spoke);
};

/** systemd had not even what it takes to make a process: the environment's files, a cgroup. */
const hadNoProcess = (start: Invocation): boolean =>
  start.result?.value === "resources" && start.started === undefined && start.outputLines === 0;

const whyNot = (phase: Phase): readonly EvidenceRef[] => {
  const [start] = phase.starts;
  if (start === undefined) return [];
  const [word] = [
    ...meaningsIn(start, "permission-denied"),
    ...meaningsIn(start, "credential-size"),
    ...meaningsIn(start, "no-such-file"),
  ];
  return [word?.ref ?? start.result?.ref ?? start.first];
};

export const runnersByPath = (
  linked: readonly (Runner | undefined)[],
  stored: readonly StoredRunner[],
): ReadonlyMap<string, Runner> =>
  new Map([
    ...stored.map(({ path, runner }) => [path, runner] as const),
    ...linked.flatMap((runner) => {
      const path = runner?.directory ?? runner?.scriptStore;
      return runner === undefined || path === undefined ? [] : [[path, runner] as const];
    }),
  ]);
