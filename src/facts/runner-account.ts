import type { EvidenceRef } from "../evidence/reference.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Generation, Generations, Store, StoredRunner } from "../evidence/store.ts";
import type { Registrations } from "../evidence/store-history.ts";
import type { Micros, StorePath } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { handwork, missingGenerations, rootsBeside } from "./origin.ts";
import { listed, moment } from "./wording.ts";

/** Who put a runner where the unit finds it. `unknown` also where nothing that is left accounts for it. */
export type ProvenanceKind = "unit" | "generation" | "flake" | "deploy" | "by-hand" | "unknown";

export interface ProvenanceInput {
  readonly history: History;
  readonly state?: StateDirectory;
  readonly store?: Store;
  readonly generations?: Generations;
  readonly registrations?: Registrations;
}

/** Who accounts for a runner, before link and registration times bound it. */
export interface Account {
  readonly kind: ProvenanceKind;
  readonly text: string;
  /** The earliest time that this account allows. */
  readonly since?: Micros;
  readonly evidence: readonly EvidenceRef[];
}

/** The first of these that accounts for a runner: a generation, a hand, a deploy, a flake, a root, or nobody. */
export const accountOf = (path: StorePath, phase: Phase, input: ProvenanceInput): Account => {
  const { state, store, generations } = input;
  const installing = (generations?.list ?? []).filter(({ runner }) => runner === path);
  const stored = store?.runners.find((one) => one.path === path);
  const [reason] = phase.runner?.evidence ?? [];
  return (
    byUnit(reason) ??
    byGeneration(installing, generations) ??
    byRunningSystem(path, generations) ??
    (state === undefined ? undefined : byLink(path, phase, state, input.history)) ??
    (state === undefined ? undefined : byDeploy(path, state, stored)) ??
    (state === undefined ? undefined : byFlake(state, phase, input.history)) ??
    (stored === undefined || state === undefined ? undefined : byRoot(stored, state)) ??
    nobody(input)
  );
};

/** A command of the unit's own: what the links lead to is none of the start's. */
const byUnit = (reason: EvidenceRef | undefined): Account | undefined =>
  reason?.kind === "file" && reason.text?.startsWith("ExecStart=") === true
    ? {
        kind: "unit",
        text: `ExecStart= in ${reason.path} names it, in place of current/bin/microvm-run.`,
        evidence: [reason],
      }
    : undefined;

const byGeneration = (
  installing: readonly Generation[],
  generations: Generations | undefined,
): Account | undefined => {
  const [first] = installing;
  if (first === undefined) return undefined;
  const made = installing.flatMap(({ link }) => link.stat?.mtime ?? []);
  const [since] = made;
  const frozen = installing.every((one) => one.frozen);
  return {
    kind: "generation",
    text:
      `${numbersOf(installing)} of the system ${installing.length === 1 ? "installs" : "install"} it` +
      (made.length > 3 || made.length === 0 ? "" : ` (made at ${listed(made.map(moment))})`) +
      (frozen ? ", but only where the VM has no state directory yet." : "."),
    // Of generations that are gone it is not known what they installed: an earlier one may have brought it.
    ...(since !== undefined &&
    !missingGenerations(generations).some((number) => number < first.number)
      ? { since }
      : {}),
    evidence: [
      ...installing.flatMap(({ installer }) => installer ?? []).slice(0, 1),
      ...installing.map(({ link }) => link).slice(0, 3),
    ],
  };
};

/** `nixos-rebuild test`, a specialisation, or a generation that was deleted under the running system. */
const byRunningSystem = (
  path: StorePath,
  generations: Generations | undefined,
): Account | undefined => {
  const { runner, installer, ref } = generations?.running ?? {};
  return runner === path && installer !== undefined && ref !== undefined
    ? {
        kind: "generation",
        text: "The running system installs it, and is none of the generations.",
        evidence: [installer, ref],
      }
    : undefined;
};

const numbersOf = (installing: readonly Generation[]): string => {
  const numbers = installing.map(({ number }) => String(number));
  if (numbers.length === 1) return `Generation ${numbers[0] ?? ""}`;
  return numbers.length <= 3
    ? `Generations ${listed(numbers)}`
    : `Generations ${numbers[0] ?? ""} to ${numbers.at(-1) ?? ""} (${numbers.length} of them)`;
};

/** Somebody's command linked it, or the link is not one that microvm.nix makes. */
const byLink = (
  path: StorePath,
  phase: Phase,
  state: StateDirectory,
  history: History,
): Account | undefined => {
  const command = handwork(phase, history).findLast(({ work }) => work === "links");
  if (command !== undefined) {
    return {
      kind: "by-hand",
      text: `An operator linked current at ${moment(command.ref.time)}.`,
      since: command.ref.time,
      evidence: [command.ref],
    };
  }
  const { current } = state.links;
  return state.flavour === "hand-made" && current?.store === path
    ? {
        kind: "by-hand",
        text: "current leads to something that microvm.nix does not make: somebody linked it.",
        evidence: current.hops,
      }
    : undefined;
};

/** A deploy over ssh keeps the runner before in `old`, and makes roots but no flake file (microvm.nix ssh-deploy.nix at 71beea0). */
const byDeploy = (
  path: StorePath,
  { links: { old }, flavour, flake }: StateDirectory,
  stored: StoredRunner | undefined,
): Account | undefined => {
  const roots = (stored?.roots ?? []).filter((root) => /\/gcroots\/microvm\//u.test(root.path));
  if (old?.store === path) {
    return {
      kind: "deploy",
      text: "old leads to it: it was current until a deploy over ssh put the next one in its place.",
      evidence: [old.hops[0], ...roots],
    };
  }
  return flavour === "deployed" || (roots.length > 0 && flake === undefined)
    ? {
        kind: "deploy",
        text: "A deploy over ssh put it there: it leaves links to the runner before or roots, and no flake file.",
        evidence: [...(old === undefined ? [] : [old.hops[0]]), ...roots],
      }
    : undefined;
};

const byFlake = (
  { flake }: StateDirectory,
  phase: Phase,
  history: History,
): Account | undefined => {
  if (flake === undefined) return undefined;
  const command = handwork(phase, history).findLast(({ work }) => work === "imperative");
  return {
    kind: "flake",
    text:
      `The state directory names the flake ${flake.reference}, from which microvm -c and microvm -u build; no generation installs this runner.` +
      (command === undefined ? "" : ` An operator ran that at ${moment(command.ref.time)}.`),
    evidence: [flake.ref, ...(command === undefined ? [] : [command.ref])],
  };
};

const byRoot = (stored: StoredRunner, state: StateDirectory): Account | undefined => {
  const [root] = rootsBeside(stored, state);
  return root === undefined
    ? undefined
    : {
        kind: "by-hand",
        text: `No generation installs it, but ${root.path}${root.stat === undefined ? "" : `, made at ${moment(root.stat.mtime)},`} keeps it: somebody built it and kept the result.`,
        evidence: [root],
      };
};

const nobody = ({ state, store, generations }: ProvenanceInput): Account => {
  const looked = [
    ...(generations === undefined ? [] : ["generation"]),
    ...(state === undefined ? [] : ["flake file", "deploy"]),
    ...(store === undefined ? [] : ["root of the garbage collector"]),
  ];
  return {
    kind: "unknown",
    text:
      looked.length === 0
        ? "Who put it there is not known: nothing that would tell could be read."
        : `Who put it there is not known: no ${listed(looked).replace(" and ", " or ")} that could be looked at accounts for it${goneRemark(missingGenerations(generations))}.`,
    evidence: [],
  };
};

const goneRemark = (gone: readonly number[]): string => {
  const [first] = gone;
  const last = gone.at(-1);
  if (first === undefined || last === undefined) return "";
  return gone.length === 1
    ? `, and generation ${first} is gone`
    : `, and ${gone.length} generations between ${first} and ${last} are gone`;
};
