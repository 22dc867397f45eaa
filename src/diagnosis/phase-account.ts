import type { JournalRef, EvidenceRef } from "../evidence/reference.ts";
import type { CollectedEvidence } from "../evidence/evidence.ts";
import type { Runner } from "../evidence/runner.ts";
import { waysForSecrets } from "../facts/handover.ts";
import type { History, Phase, SilenceReason } from "../facts/history.ts";
import { runnersThatFit } from "../facts/origin.ts";
import { provenanceOf, provenanceSources } from "../facts/provenance.ts";
import type { ProvenanceInput } from "../facts/runner-account.ts";
import type { Secret } from "../facts/secrets.ts";
import {
  countOf,
  endOfStart,
  failureSignature,
  hasFailed,
  meaningsIn,
  isWorthQuoting,
} from "../facts/starts.ts";
import { counted, listed, moment } from "../facts/wording.ts";
import { formatDuration } from "../time/format-time.ts";
import type { PhaseAccount } from "./finding.ts";

/** Every phase in words. */
export const phaseAccounts = (
  history: History,
  { runners, secrets, evidence }: Omit<AccountInput, "sources"> & { evidence: CollectedEvidence },
): readonly PhaseAccount[] => {
  const sources = provenanceSources(history, evidence);
  return history.phases.map((phase) => phaseAccount(phase, { runners, secrets, sources }));
};

interface AccountInput {
  readonly runners: ReadonlyMap<string, Runner>;
  readonly secrets: readonly Secret[];
  readonly sources: ProvenanceInput;
}

/** A phase in words: what was configured, what came of it, and the lines that show it. */
const phaseAccount = (phase: Phase, input: AccountInput): PhaseAccount => {
  const quotes = phase.kind === "silent" ? silenceQuotes(phase) : startQuotes(phase);
  const provenance = provenanceOf(phase, input.sources);
  return {
    index: phase.index,
    kind: phase.kind,
    start: phase.start,
    ...(phase.end === undefined ? {} : { end: phase.end }),
    title: titleOf(phase),
    configuration: configurationOf(phase, input),
    result: resultOf(phase),
    ...(provenance === undefined ? {} : { provenance }),
    ...(phase.runner === undefined ? {} : { runner: phase.runner.path }),
    invocations: countOf(phase.starts),
    evidence: [
      ...(phase.runner?.evidence ?? []),
      ...quotes,
      ...(phase.runningBy === undefined ? [] : [phase.runningBy]),
    ],
    quotes,
  };
};

const titleOf = (phase: Phase): string => {
  switch (phase.kind) {
    case "failing":
      return phase.loop === undefined
        ? `${counted(countOf(phase.starts), "start")} failed`
        : `Crash loop: ${counted(phase.loop.count, "start")}, one every ${formatDuration(phase.loop.period)}`;
    case "running":
      return phase.end === undefined ? "The VM runs" : "The VM ran";
    case "silent":
      return `Nothing ran: ${reasonTitle(phase.reasons)}`;
  }
};

const reasonTitle = (reasons: readonly SilenceReason[]): string => listed(reasons.map(shortReason));

const shortReason = (reason: SilenceReason): string => {
  switch (reason.kind) {
    case "stopped":
      return "stopped by hand";
    case "skipped":
      return "the start was skipped";
    case "start-limit":
      return "systemd gave up";
    case "other-boot":
      return "the host was rebooted";
    case "journal-hole":
      return "the journal has a hole";
    case "unrecorded":
      return "nobody knows why";
  }
};

const configurationOf = (
  phase: Phase,
  { runners, secrets, sources: { store, registrations } }: AccountInput,
): string => {
  if (phase.kind === "silent") return "";
  if (phase.runner === undefined) {
    const fitting = store === undefined ? [] : runnersThatFit(phase, store, registrations);
    return fitting.length === 0
      ? "The runner of this phase is not known."
      : `The runner of this phase is not known; ${listed(fitting.map(({ path }) => path))} would do what was seen.`;
  }
  const runner = runners.get(phase.runner.path);
  const ways = runner === undefined ? undefined : waysForSecrets(runner, secrets);
  const way =
    ways === undefined
      ? ""
      : ways.length === 0
        ? ", which has no way for a secret"
        : `, which ${listed([...new Set(ways.map(({ title }) => title))].slice(0, 3))}`;
  return `Runner ${phase.runner.path}${way}.`;
};

const resultOf = (phase: Phase): string => {
  if (phase.kind === "silent") return phase.reasons.map(reasonSentence).join(" ");
  const failed = phase.starts.filter(hasFailed);
  const exit = failed.flatMap(({ exits }) => exits)[0];
  const denied = paths(phase, "permission-denied");
  const missing = paths(phase, "no-such-file");
  const sentences = [
    ...(failed.length > 0
      ? [
          `${failed.length === phase.starts.length ? `${counted(countOf(failed), "start")}, all failed` : `${countOf(failed)} of ${countOf(phase.starts)} starts failed`}${exit === undefined ? "" : ` (${exit.code === "exited" ? "exit status" : `${exit.code} by signal`} ${exit.status})`}.`,
        ]
      : [`${counted(countOf(phase.starts), "start")}, none failed.`]),
    ...(denied.length > 0 ? [`Permission denied for ${listed(denied)}.`] : []),
    ...(missing.length > 0 ? [`No such file: ${listed(missing)}.`] : []),
    ...guestWords(phase),
  ];
  return sentences.join(" ");
};

const guestWords = (phase: Phase): readonly string[] => {
  const sizes = new Map(
    phase.starts.flatMap((start) =>
      meaningsIn(start, "credential-size").map(
        ({ meaning }) => [meaning.name, meaning.bytes] as const,
      ),
    ),
  );
  return sizes.size === 0
    ? []
    : [
        `The guest reports ${listed([...sizes].map(([name, bytes]) => `${name} = ${bytes} bytes`))}.`,
      ];
};

const paths = (phase: Phase, kind: "permission-denied" | "no-such-file"): readonly string[] => [
  ...new Set(
    phase.starts.flatMap((start) => meaningsIn(start, kind).map(({ meaning }) => meaning.path)),
  ),
];

const reasonSentence = (reason: SilenceReason): string => {
  switch (reason.kind) {
    case "stopped":
      return `The unit was stopped by a stop job${reason.command === undefined ? "; who asked for it is not in the journal" : ", which an operator asked for"}.`;
    case "skipped":
      return "systemd skipped the start because a condition did not hold: nothing ran and nothing failed.";
    case "start-limit":
      return "systemd refused to start the unit again so soon.";
    case "other-boot":
      return "The host was booted anew.";
    case "journal-hole":
      return `${reason.count === undefined ? `From ${moment(reason.since)} to ${moment(reason.until)} the journal holds no entry of anybody.` : `Between ${moment(reason.since)} and ${moment(reason.until)} at least ${counted(reason.count, "entry", "entries")} that journald had written are missing.`} Whether the VM ran in that time is not known.`;
    case "unrecorded":
      return "The journal has no line that says why.";
  }
};

/** One round of the failure with its first and last, or the guest's words of a start that went well. */
const startQuotes = (phase: Phase): readonly JournalRef[] => {
  const common = phase.loop?.signature;
  const start = phase.starts.find((one) => failureSignature(one) === common) ?? phase.starts[0];
  const last = phase.starts.at(-1);
  if (start === undefined || last === undefined) return [];
  const told = phase.starts.flatMap(({ lines }) =>
    lines.filter(isWorthQuoting).map(({ ref }) => ref),
  );
  const end = start.result?.ref ?? start.exits[0]?.ref;
  const refs = [
    ...(phase.kind === "running" && start.started !== undefined ? [start.started] : []),
    ...told.slice(0, MOST_QUOTES),
    ...start.exits.slice(0, 1).map(({ ref }) => ref),
    ...(end === undefined ? [] : [end]),
    ...(start.restart === undefined ? [] : [start.restart]),
    ...(last === start || endOfStart(last) === undefined || last.result === undefined
      ? []
      : [last.result.ref]),
  ];
  return distinct(refs).toSorted((a, b) => a.time - b.time);
};

const MOST_QUOTES = 3;

const silenceQuotes = (phase: Phase): readonly JournalRef[] =>
  distinct(
    phase.reasons.flatMap((reason): readonly JournalRef[] => {
      switch (reason.kind) {
        case "stopped":
          return [...(reason.command === undefined ? [] : [reason.command]), reason.ref];
        case "skipped":
        case "start-limit":
          return [reason.ref];
        case "other-boot":
        case "journal-hole":
        case "unrecorded":
          return [];
      }
    }),
  );

/** The same words many times in a loop are quoted once. */
const distinct = <Ref extends EvidenceRef & JournalRef>(refs: readonly Ref[]): readonly Ref[] =>
  refs.filter(
    (ref, index) =>
      refs.findIndex(
        (one) =>
          one.cursor === ref.cursor || (one.text === ref.text && one.identifier === ref.identifier),
      ) === index,
  );
