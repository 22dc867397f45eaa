import type { CollectedEvidence } from "../evidence/evidence.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import type { RunnerLinkName } from "../evidence/state-directory.ts";
import type { Store, StoredRunner } from "../evidence/store.ts";
import type { Registrations } from "../evidence/store-history.ts";
import type { Micros, StorePath } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { runnersThatFit } from "./origin.ts";
import { accountOf, type ProvenanceInput, type ProvenanceKind } from "./runner-account.ts";
import { moment } from "./wording.ts";

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
  const notAfter = linked?.time ?? phase.start;
  const arrived = registeredAt(path, input.registrations) ?? bornAt(path, notAfter, input.store);
  const notBefore = [source.since, arrived?.time]
    .filter((time) => time !== undefined && time <= notAfter)
    .toSorted((a, b) => Number(b) - Number(a))[0];
  const sentences = [
    source.text,
    ...(arrived === undefined
      ? []
      : [`It came into the store at ${moment(arrived.time)}${lateRemark(arrived.time, phase)}.`]),
    ...(linked === undefined
      ? []
      : [`${linked.name} was last linked to it at ${moment(linked.time)}.`]),
  ];
  return {
    kind: source.kind,
    text: sentences.join(" "),
    ...(notBefore === undefined ? {} : { notBefore }),
    notAfter,
    evidence: [
      ...source.evidence,
      ...(arrived === undefined ? [] : [arrived.ref]),
      ...(linked === undefined ? [] : [linked.ref]),
    ],
  };
};

/** When a file system made a store path. In a copied tree that is the time of the copy, and says nothing. */
const bornAt = (
  path: StorePath,
  until: Micros,
  store: Store | undefined,
): { readonly time: Micros; readonly ref: EvidenceRef } | undefined => {
  const ref = store?.runners.find((one) => one.path === path)?.ref;
  const time = ref?.stat?.birth;
  return ref === undefined || time === undefined || time > until ? undefined : { time, ref };
};

const lateRemark = (time: Micros, phase: Phase): string =>
  time > phase.start
    ? ", after this phase began: it was built again since, or the times are of a copy"
    : "";

/** The link that led to the runner before the phase began; a deploy turns current into old and keeps its time. */
const linkedAt = (
  path: StorePath,
  phase: Phase,
  { state }: ProvenanceInput,
):
  | { readonly name: RunnerLinkName; readonly time: Micros; readonly ref: EvidenceRef }
  | undefined => {
  for (const name of ["current", "old"] as const) {
    const link = state?.links[name];
    const time = link?.store === path ? link.hops[0].stat?.mtime : undefined;
    if (link !== undefined && time !== undefined && time <= phase.start)
      return { name, time, ref: link.hops[0] };
  }
  return undefined;
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
