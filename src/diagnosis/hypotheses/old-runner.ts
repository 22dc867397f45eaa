import { valueOf, type CollectedEvidence } from "../../evidence/evidence.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { StateLink } from "../../evidence/state-directory.ts";
import type { Generation } from "../../evidence/store.ts";
import type { RuleId } from "../../vocabulary.ts";
import type { Hypothesis } from "../finding.ts";
import { argue, shellWord, stateOf, when, type HypothesisInput } from "./input.ts";

/** Findings that an old runner would explain. */
const ASKED_BY: ReadonlySet<RuleId> = new Set([
  "runner/no-secret-path",
  "runner/stale-current",
  "runner/stale-booted",
  "runner/not-deployed",
  "runner/override-discarded",
  "credentials/configured-unused",
]);

const QUESTION = "Is the runner old, or is it what the configuration gives?";

type Row = Omit<Hypothesis, "topic" | "question">;

/** A change can be lost at four places between the configuration and the running VM; each row is one of them. */
export const oldRunner = (input: HypothesisInput): readonly Hypothesis[] => {
  const asked = input.findings.some(
    ({ id, scope, repaired }) => ASKED_BY.has(id) && scope.inForce && !repaired,
  );
  return asked
    ? [notBuilt(input), notDeployed(input), notInstalled(input), notRestarted(input)].map(
        (row) => ({ topic: "old-runner", question: QUESTION, ...row }),
      )
    : [];
};

const notBuilt = ({ evidence, vm }: HypothesisInput): Row => {
  const repository = valueOf(evidence.configurationRepository);
  const newest = newestOf(evidence);
  const built = newest?.link.stat?.mtime;
  const { head, changed = [], untracked = [], status } = repository ?? {};
  const dirty = [...changed, ...untracked];
  const isNewer = head !== undefined && built !== undefined && head.committed > built;
  const isOlder = head !== undefined && built !== undefined && head.committed <= built;
  const refs: readonly EvidenceRef[] = [
    ...(head === undefined ? [] : [head.ref]),
    ...(newest === undefined ? [] : [newest.link]),
  ];
  return {
    claim: "The configuration holds a change that was never built",
    state: stateOf(
      isNewer || dirty.length > 0,
      isOlder && dirty.length === 0 && status !== undefined,
    ),
    for: [
      ...when(isNewer, () =>
        argue(
          `HEAD was committed after generation ${newest?.number ?? "?"} was made, unless it was built first and committed then`,
          ...refs,
        ),
      ),
      ...when(dirty.length > 0, () =>
        argue(
          `${dirty.slice(0, 3).join(", ")} differ from HEAD; a file that git does not know is not seen by a flake at all`,
          ...(status === undefined ? [] : [status]),
        ),
      ),
    ],
    against: when(isOlder && dirty.length === 0, () =>
      argue(
        `HEAD was committed before generation ${newest?.number ?? "?"} was made, and no file of Nix differs from it`,
        ...refs,
        ...(status === undefined ? [] : [status]),
      ),
    ),
    decideBy:
      repository === undefined
        ? `mvdoctor diagnose ${shellWord(vm)} --flake DIR`
        : `git -C ${shellWord(repository.directory)} log -1 --format=%ci`,
  };
};

const notDeployed = ({ evidence }: HypothesisInput): Row => {
  const running = valueOf(evidence.generations)?.running;
  const newest = newestOf(evidence);
  const known = running !== undefined && newest?.toplevel !== undefined;
  const same = known && running.toplevel === newest.toplevel;
  const refs = known ? [running.ref, newest.link] : [];
  return {
    claim:
      "The newest generation is not the system that runs: a switch failed, or it was made for the next boot",
    state: stateOf(known && !same, same),
    for: when(known && !same, () =>
      argue(
        `generation ${newest?.number ?? "?"} is ${newest?.toplevel ?? ""}, and ${running?.toplevel ?? ""} runs`,
        ...refs,
      ),
    ),
    against: when(same, () =>
      argue(`the system that runs is generation ${newest?.number ?? "?"}`, ...refs),
    ),
    decideBy: "readlink -f /nix/var/nix/profiles/system /run/current-system",
  };
};

const notInstalled = ({ evidence }: HypothesisInput): Row => {
  const generations = valueOf(evidence.generations);
  const state = valueOf(evidence.state);
  const current = state?.links.current;
  const running = generations?.list.find(
    ({ toplevel }) => toplevel !== undefined && toplevel === generations.running?.toplevel,
  );
  const installed = running?.runner;
  const known = installed !== undefined && current?.store !== undefined;
  const same = known && installed === current.store;
  const refs = known ? [...linkRef(current), ...installerRef(running)] : [];
  return {
    claim: "The system that runs installs another runner than the one that current leads to",
    state: stateOf(known && !same, same),
    for: when(known && !same, () =>
      argue(
        `generation ${running?.number ?? "?"} installs ${installed ?? ""}, and current leads to ${current?.store ?? ""}${running?.frozen === true ? "; its installer leaves an existing VM as it is" : ""}`,
        ...refs,
      ),
    ),
    against: when(same, () =>
      argue(`generation ${running?.number ?? "?"} installs what current leads to`, ...refs),
    ),
    decideBy: `readlink ${state?.path ?? "/var/lib/microvms/VM"}/current`,
  };
};

const notRestarted = ({ evidence }: HypothesisInput): Row => {
  const state = valueOf(evidence.state);
  const { current, booted } = state?.links ?? {};
  const known = current?.store !== undefined && booted?.store !== undefined;
  const same = known && current.store === booted.store;
  const refs = [...linkRef(current), ...linkRef(booted)];
  return {
    claim: "The VM still runs the runner that it was started with, and current is newer",
    state: stateOf(known && !same, same),
    for: when(known && !same, () =>
      argue(`booted leads to ${booted?.store ?? ""}, current to ${current?.store ?? ""}`, ...refs),
    ),
    against: when(same, () => argue("booted and current lead to the same runner", ...refs)),
    decideBy: `readlink ${state?.path ?? "/var/lib/microvms/VM"}/booted ${state?.path ?? "/var/lib/microvms/VM"}/current`,
  };
};

const newestOf = ({ generations }: CollectedEvidence): Generation | undefined => {
  const known = valueOf(generations);
  return known?.list.find(({ number }) => number === known.newest);
};

const linkRef = (link: StateLink | undefined): readonly EvidenceRef[] =>
  link === undefined ? [] : [link.hops[0]];

const installerRef = (generation: Generation | undefined): readonly EvidenceRef[] =>
  generation?.installer === undefined ? [] : [generation.installer];
