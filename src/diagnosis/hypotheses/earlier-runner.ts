import { valueOf } from "../../evidence/evidence.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { SourceCopy } from "../../evidence/store-history.ts";
import type { Generation, StoredRunner } from "../../evidence/store.ts";
import { unpinnedMicrovm } from "../../facts/configuration.ts";
import type { Phase } from "../../facts/history.ts";
import {
  handwork,
  missingGenerations,
  originOf,
  phasesOfUnknownRunner,
  rootsBeside,
  runnersThatFit,
} from "../../facts/origin.ts";
import { journalCoverage } from "../../facts/journal-coverage.ts";
import { registeredAt } from "../../facts/provenance.ts";
import { counted, listed, moment } from "../../facts/wording.ts";
import type { Argument, Hypothesis } from "../finding.ts";
import { inTheRepository } from "./in-the-repository.ts";
import { argue, stateOf, when, type HypothesisInput } from "./input.ts";

/** Where the runner of an earlier phase came from, when nothing that is left says so. */
export const earlierRunners = (input: HypothesisInput): readonly Hypothesis[] =>
  phasesOfUnknownRunner(input.history).flatMap((phase) => {
    const { state, store, generations, registrations } = input.evidence;
    const known = valueOf(state);
    const stored = valueOf(store);
    if (known === undefined || stored === undefined) return [];
    const fitting = runnersThatFit(phase, stored, valueOf(registrations));
    const best =
      fitting.find((one) => originOf(one, known, valueOf(generations)).unexplained) ?? fitting[0];
    const question = `Where did the runner of phase ${phase.index} come from?`;
    return [
      anotherEvaluation(input, best, phase),
      earlierGeneration(input, best, phase),
      byHand(input, best, phase),
      ...inTheRepository(input, phase),
    ].map((row) => ({ topic: "earlier-runner", question, ...row }));
  });

type Row = Omit<Hypothesis, "topic" | "question">;

const anotherEvaluation = (
  { evidence }: HypothesisInput,
  best: StoredRunner | undefined,
  phase: Phase,
): Row => {
  const copies = valueOf(evidence.sourceCopies)?.copies ?? [];
  const repository = valueOf(evidence.configurationRepository);
  const unpinned = repository === undefined ? [] : unpinnedMicrovm(repository);
  const different = new Set(copies.map(({ digest }) => digest)).size > 1;
  const yielding = copies.find(({ merge }) => merge === "declared-wins");
  const own = copies.find(({ merge }) => merge === "own-wins");
  return {
    claim:
      "Another evaluation built it: a changed copy of microvm.nix (a path: input, an override) whose runner.nix does not put its own microvm-run over the declared one",
    state: stateOf(different || yielding !== undefined || unpinned.length > 0, false),
    for: [
      ...builtBy(best, phase, evidence),
      ...when(yielding !== undefined, () =>
        argue(
          `${yielding?.path ?? ""} is a microvm.nix that lets a declared microvm-run win`,
          ...copyRefs(yielding),
        ),
      ),
      ...when(different, () =>
        argue(
          `${counted(copies.length, "copy", "copies")} of microvm.nix in the store have not the same lib/runner.nix: ${listed(copies.map((copy) => withTime(copy, evidence)))}`,
          ...copies.map(({ ref }) => ref),
        ),
      ),
      ...unpinned.map((lock) =>
        argue(
          `flake.lock ${lock.in === "head" ? "of HEAD" : "of the work tree"} takes ${lock.input} from ${lock.location ?? "a path"} (${lock.type}), which can change without a commit`,
          lock.ref,
        ),
      ),
    ],
    against: [
      ...when(!different && yielding === undefined && own !== undefined, () =>
        argue(
          `${copies.length === 1 ? "the only copy" : "every copy"} of microvm.nix in the store puts its own microvm-run over a declared one; another may have been collected`,
          ...copyRefs(own),
        ),
      ),
    ],
    decideBy: "sha256sum /nix/store/*-source/lib/runner.nix",
  };
};

const copyRefs = (copy: SourceCopy | undefined): readonly EvidenceRef[] =>
  copy === undefined ? [] : [copy.mergedAt ?? copy.ref];

const withTime = ({ path }: SourceCopy, { registrations }: HypothesisInput["evidence"]): string => {
  const time = valueOf(registrations)?.times.get(path);
  return time === undefined ? path : `${path} (there since ${moment(time)})`;
};

/** What the store says of a runner that fits: nobody installs it, nix built it, and when. */
const builtBy = (
  best: StoredRunner | undefined,
  phase: Phase,
  { registrations }: HypothesisInput["evidence"],
): readonly Argument[] => {
  if (best === undefined) return [];
  const registered = registeredAt(best.path, valueOf(registrations));
  return [
    argue(
      `${best.path} fits what phase ${phase.index} did` +
        (registered === undefined
          ? ""
          : `, and came into the store at ${moment(registered.time)}, before the phase ended`),
      best.ref,
      ...best.runner.reads.slice(0, 1).map(({ ref }) => ref),
      ...(registered === undefined ? [] : [registered.ref]),
    ),
    ...when(best.object?.deriver !== undefined, () =>
      argue(
        `it has a deriver, ${best.object?.deriver ?? ""}: nix built it, nobody copied it there`,
        best.ref,
      ),
    ),
  ];
};

const earlierGeneration = (
  { evidence, hostJournal }: HypothesisInput,
  best: StoredRunner | undefined,
  phase: Phase,
): Row => {
  const generations = valueOf(evidence.generations);
  const list = generations?.list ?? [];
  const gone = missingGenerations(generations).filter((number) =>
    couldBeBefore(number, list, phase),
  );
  const forgotten = hostJournal.events.find(
    (event) =>
      event.kind === "switch" &&
      event.toplevel !== undefined &&
      event.ref.time <= phase.start &&
      !list.some(({ toplevel }) => toplevel === event.toplevel),
  );
  const installing = list.filter(
    ({ runner, link }) =>
      best !== undefined && runner === best.path && (link.stat?.mtime ?? 0) <= phase.start,
  );
  const installers = list.filter(({ runner }) => runner !== undefined);
  const supported = forgotten !== undefined || installing.length > 0;
  return {
    claim: "An earlier generation of this host installed it",
    state: stateOf(supported, !supported && list.length > 0 && gone.length === 0),
    for: [
      ...when(installing.length > 0, () =>
        argue(
          `generation ${listed(installing.map(({ number }) => String(number)))} installs ${best?.path ?? ""}`,
          ...installing.flatMap(({ installer }) => installer ?? []),
        ),
      ),
      ...when(forgotten !== undefined, () =>
        argue(
          "the journal shows a switch to a system that is no generation any more",
          ...(forgotten === undefined ? [] : [forgotten.ref]),
        ),
      ),
      ...when(gone.length > 0, () =>
        argue(
          `generation ${listed(gone.slice(0, 5).map(String))}${gone.length > 5 ? ` and ${gone.length - 5} more` : ""} ${gone.length === 1 ? "is" : "are"} no longer there`,
          ...list.slice(0, 1).map(({ link }) => link),
        ),
      ),
    ],
    against: when(list.length > 0 && installing.length === 0, () =>
      argue(
        `${counted(list.length, "generation")} (${listed(list.map(({ number }) => String(number)))}) were read: ${installers.length === 0 ? "none installs this VM" : `those that install this VM install ${listed([...new Set(installers.flatMap(({ runner }) => runner ?? []))])}`}`,
        ...installers.flatMap(({ installer }) => installer ?? []),
      ),
    ),
    decideBy:
      "grep -H ExecStart /nix/var/nix/profiles/system-*-link/etc/systemd/system/install-microvm-*.service",
  };
};

/** A number that is gone belongs before the phase unless a lower one was made after it. */
const couldBeBefore = (number: number, list: readonly Generation[], phase: Phase): boolean =>
  !list.some((one) => one.number < number && (one.link.stat?.mtime ?? 0) > phase.start);

const byHand = (
  { evidence, history, hostJournal }: HypothesisInput,
  best: StoredRunner | undefined,
  phase: Phase,
): Row => {
  const state = valueOf(evidence.state);
  const done = handwork(phase, history);
  const decisive = done.filter(({ work }) => work !== "builds");
  const roots = best === undefined || state === undefined ? [] : rootsBeside(best, state);
  const imperative = state?.flake;
  return {
    claim: "Somebody built it and linked it by hand, or with `microvm -c`",
    state: stateOf(decisive.length > 0 || roots.length > 0, false),
    for: [
      ...done.map(({ work, ref }) =>
        argue(
          work === "links"
            ? "an operator linked current"
            : work === "imperative"
              ? "an operator had microvm build it from a flake"
              : "an operator built something with nix before the phase",
          ref,
        ),
      ),
      ...roots.map((root) =>
        argue(
          `${root.path} keeps ${best?.path ?? ""}: somebody built it and kept the result`,
          root,
        ),
      ),
      ...when(imperative !== undefined, () =>
        argue(
          `the state directory names the flake ${imperative?.reference ?? ""}, from which microvm builds`,
          ...(imperative === undefined ? [] : [imperative.ref]),
        ),
      ),
    ],
    against: when(done.length === 0, () =>
      argue(
        "no such command through sudo is in the journal; a root shell would not show there",
        coverage(hostJournal),
      ),
    ),
    decideBy:
      best === undefined
        ? `ls -la --time-style=full-iso /nix/var/nix/gcroots/microvm /nix/var/nix/gcroots/auto`
        : `nix-store --query --roots ${best.path}`,
  };
};

const coverage = (hostJournal: HypothesisInput["hostJournal"]): EvidenceRef =>
  journalCoverage(
    hostJournal,
    "lines of sudo that concern microvm, nixos-rebuild, clan or systemctl",
  );
