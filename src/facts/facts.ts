import {
  collected,
  unavailable,
  valueOf,
  type Collected,
  type CollectedEvidence,
  type EvidenceMap,
} from "../evidence/evidence.ts";
import { deriveHistory, type History } from "./history.ts";
import { withKnownNames } from "./known-names.ts";
import type { VmName } from "../vocabulary.ts";
import { findSecrets, type Secret } from "./secrets.ts";

/** What is derived once from evidence and shared by rules. */
export interface FactMap {
  readonly vm: VmName;
  readonly history: History;
  readonly secrets: readonly Secret[];
}

/** All that a rule may ask for. */
export type Knowledge = EvidenceMap & FactMap;
export type KnowledgeKey = keyof Knowledge;
export type CollectedKnowledge = { readonly [Key in KnowledgeKey]: Collected<Knowledge[Key]> };

export const deriveFacts = (vm: VmName, evidence: CollectedEvidence): CollectedKnowledge => {
  const read = valueOf(evidence.vmJournal);
  const hostJournal = valueOf(evidence.hostJournal);
  const state = valueOf(evidence.state);
  const runners = valueOf(evidence.runners);
  const generations = valueOf(evidence.generations);
  const unit = valueOf(evidence.unit);
  const guestSystem = valueOf(evidence.guestSystem);
  const shares = valueOf(evidence.shares);
  const vmJournal =
    read === undefined
      ? undefined
      : withKnownNames(read, {
          ...(unit === undefined ? {} : { unit }),
          ...(runners === undefined ? {} : { runners }),
          ...(guestSystem === undefined ? {} : { guestSystem }),
          ...(shares === undefined ? {} : { shares }),
        });
  const history =
    vmJournal === undefined || hostJournal === undefined
      ? unavailable("failed", "without the journal there is no history")
      : collected(
          deriveHistory({
            vm,
            vmJournal,
            hostJournal,
            ...(state === undefined ? {} : { state }),
            ...(runners === undefined ? {} : { runners }),
            ...(generations === undefined ? {} : { generations }),
            ...(unit === undefined ? {} : { unit }),
          }),
        );
  const secrets = collected(
    findSecrets({
      ...(unit === undefined ? {} : { unit }),
      ...(runners === undefined ? {} : { runners }),
      ...(vmJournal === undefined ? {} : { vmJournal }),
      ...(shares === undefined ? {} : { shares }),
      ...(guestSystem === undefined ? {} : { guestSystem }),
    }),
  );
  return { ...evidence, vm: collected(vm), history, secrets };
};
