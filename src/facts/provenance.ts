import type { CollectedEvidence } from "../evidence/evidence.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Generation, Generations, Store, StoredRunner } from "../evidence/store.ts";
import type { Registrations } from "../evidence/store-history.ts";
import type { Micros, StorePath } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { handwork, missingGenerations, rootsBeside, runnersThatFit } from "./origin.ts";
import { listed, moment } from "./wording.ts";

/** Who put a runner where the unit finds it. `unknown` also where nothing that is left accounts for it. */
export type ProvenanceKind = "generation" | "flake" | "deploy" | "by-hand" | "unknown";

/** Where the runner of a phase comes from, as far as generations, links, roots and the store tell. */
export interface Provenance {
  readonly kind: ProvenanceKind;
  /** Full sentences; what is not known is said. */
  readonly text: string;
  /** `current` first led to the runner at this time or later, and at `notAfter` or earlier; absent where nothing bounds it. */
  readonly notBefore?: Micros;
  readonly notAfter?: Micros;
  readonly evidence: readonly EvidenceRef[];
}

export interface ProvenanceInput {
  readonly history: History;
  readonly state?: StateDirectory;
  readonly store?: Store;
  readonly generations?: Generations;
  readonly registrations?: Registrations;
}

/** What of the collected evidence tells where runners come from. */
export const provenanceSources = (
  history: History,
  { state, store, generations, registrations }: CollectedEvidence,
): ProvenanceInput => ({
  history,
  ...(state.status === "collected" ? { state: state.value } : {}),
  ...(store.status === "collected" ? { store: store.value } : {}),
  ...(generations.status === "collected" ? { generations: generations.value } : {}),
  ...(registrations.status === "collected" ? { registrations: registrations.value } : {}),
});

/** `undefined` for a silence: nothing ran in it. */
export const provenanceOf = (phase: Phase, input: ProvenanceInput): Provenance | undefined => {
  if (phase.kind === "silent") return undefined;
  if (phase.runner === undefined) return ofUnknownRunner(phase, input);
  const { path } = phase.runner;
  const source = accountOf(path, phase, input);
  const linked = linkedAt(path, phase, input);
  const registered = registeredAt(path, input.registrations);
  const notAfter = linked?.time ?? phase.start;
  const notBefore = [source.since, registered?.time]
    .filter((time) => time !== undefined && time <= notAfter)
    .toSorted((a, b) => Number(b) - Number(a))[0];
  const sentences = [
    source.text,
    ...(registered === undefined
      ? []
      : [
          `It came into the store at ${moment(registered.time)}${lateRemark(registered.time, phase)}.`,
        ]),
    ...(linked === undefined ? [] : [`current was last linked to it at ${moment(linked.time)}.`]),
  ];
  return {
    kind: source.kind,
    text: sentences.join(" "),
    ...(notBefore === undefined ? {} : { notBefore }),
    notAfter,
    evidence: [
      ...source.evidence,
      ...(registered === undefined ? [] : [registered.ref]),
      ...(linked === undefined ? [] : [linked.ref]),
    ],
  };
};

const lateRemark = (time: Micros, phase: Phase): string =>
  time > phase.start
    ? ", after this phase began: it was built again since, or the times are of a copy"
    : "";

interface Account {
  readonly kind: ProvenanceKind;
  readonly text: string;
  /** The earliest time that this account allows. */
  readonly since?: Micros;
  readonly evidence: readonly EvidenceRef[];
}

const accountOf = (path: StorePath, phase: Phase, input: ProvenanceInput): Account => {
  const { state, store, generations } = input;
  const installing = (generations?.list ?? []).filter(({ runner }) => runner === path);
  const stored = store?.runners.find((one) => one.path === path);
  return (
    byGeneration(installing, generations) ??
    (state === undefined ? undefined : byLink(path, phase, state, input.history)) ??
    (state === undefined ? undefined : byDeploy(path, state, stored)) ??
    (state === undefined ? undefined : byFlake(state, phase, input.history)) ??
    (stored === undefined || state === undefined ? undefined : byRoot(stored, state)) ??
    nobody(input)
  );
};

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
        text: `No generation installs it, but ${root.path} keeps it: somebody built it and kept the result.`,
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

const linkedAt = (
  path: StorePath,
  phase: Phase,
  { state }: ProvenanceInput,
): { readonly time: Micros; readonly ref: EvidenceRef } | undefined => {
  const { current } = state?.links ?? {};
  const time = current?.store === path ? current.hops[0].stat?.mtime : undefined;
  return current === undefined || time === undefined || time > phase.start
    ? undefined
    : { time, ref: current.hops[0] };
};

/** When a path became valid, with the answer that says so. */
export const registeredAt = (
  path: StorePath,
  registrations: Registrations | undefined,
): { readonly time: Micros; readonly ref: EvidenceRef } | undefined => {
  const time = registrations?.times.get(path);
  return registrations === undefined || time === undefined
    ? undefined
    : {
        time,
        ref: {
          ...registrations.ref,
          text: `${path} has the registrationTime ${time / 1_000_000}`,
        },
      };
};

/** What `current` led to is gone; a runner in the store that would do the same is no proof that it ran. */
const ofUnknownRunner = (phase: Phase, input: ProvenanceInput): Provenance => {
  const { current } = input.state?.links ?? {};
  const relinked = current?.hops[0].stat?.mtime;
  const fitting =
    input.store === undefined ? [] : runnersThatFit(phase, input.store, input.registrations);
  const [only] = fitting.length === 1 ? fitting : [];
  const registered = only === undefined ? undefined : registeredAt(only.path, input.registrations);
  const account = only === undefined ? undefined : accountOf(only.path, phase, input);
  const notBefore =
    registered !== undefined && registered.time <= phase.start ? registered.time : undefined;
  const would = wouldHaveInstalled(phase, fitting, input);
  return {
    kind: "unknown",
    text: [
      relinked !== undefined && relinked > phase.start
        ? `Who put it there is not known: current was linked anew at ${moment(relinked)}, and what it led to before is recorded nowhere.`
        : "Who put it there is not known: nothing says what current led to.",
      ...would.sentences,
      ...(only === undefined || account === undefined
        ? []
        : [
            `If it was ${only.path}: ${registered === undefined ? "when it came into the store is not known" : `it came into the store at ${moment(registered.time)}`}.`,
            account.kind === "unknown"
              ? account.text.replace("Who put it there", "Who made that one")
              : account.text,
          ]),
    ].join(" "),
    ...(notBefore === undefined ? {} : { notBefore }),
    notAfter: phase.start,
    evidence: [
      ...(current === undefined ? [] : [current.hops[0]]),
      ...(only === undefined ? [] : [only.ref]),
      ...(registered === undefined ? [] : [registered.ref]),
      ...(account?.evidence ?? []),
      ...would.evidence,
    ],
  };
};

/** What the newest generation that was there when the phase began installs: what a switch would have linked. */
const wouldHaveInstalled = (
  phase: Phase,
  fitting: readonly StoredRunner[],
  { generations, store }: ProvenanceInput,
): { readonly sentences: readonly string[]; readonly evidence: readonly EvidenceRef[] } => {
  const then = (generations?.list ?? []).findLast(
    ({ link }) => link.stat !== undefined && link.stat.mtime <= phase.start,
  );
  const path = then?.runner;
  if (then === undefined || path === undefined) return { sentences: [], evidence: [] };
  const text = store?.runners.find((one) => one.path === path);
  const fits = fitting.some((one) => one.path === path);
  return {
    sentences: [
      `Generation ${then.number}, the newest that there was when the phase began, installs ${path}` +
        (text !== undefined && fitting.length > 0 && !fits
          ? ", which would not have done what was seen."
          : "."),
    ],
    evidence: then.installer === undefined ? [then.link] : [then.installer, then.link],
  };
};
