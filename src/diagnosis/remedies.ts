import type { CollectedEvidence } from "../evidence/evidence.ts";
import type { Remedy, Repair } from "../rules/rule.ts";
import type { RuleId, VmName } from "../vocabulary.ts";
import { aheadOfStart } from "./ahead-of-start.ts";
import type { Finding, JudgedFinding, UnweighedFinding, WeighedRemedy } from "./finding.ts";
import { judge } from "./judgement.ts";
import { afterRepairs } from "./what-if.ts";

/**
 * Applies each remedy to the evidence, asks the rules again ahead of a start, and says what is gone and what is left. What was seen
 * only in the journal goes with the causes that it followed from.
 */
export const weighRemedies = (
  vm: VmName,
  evidence: CollectedEvidence,
  findings: readonly UnweighedFinding[],
): readonly Finding[] => {
  const ahead = aheadOfStart(evidence);
  const open = findings.filter(isOpen);
  const before = foretold(vm, ahead);
  const weighed = new Map<string, WeighedRemedy>();
  const weigh = (remedy: Remedy): WeighedRemedy => {
    const key = JSON.stringify([remedy.title, remedy.snippet]);
    const known = weighed.get(key);
    if (known !== undefined) return known;
    const fresh = weighOne({ vm, ahead, before, open }, remedy);
    weighed.set(key, fresh);
    return fresh;
  };
  return findings.map((finding) => ({ ...finding, remedies: finding.remedies.map(weigh) }));
};

const isOpen = ({ role, repaired }: JudgedFinding): boolean => !repaired && role !== "note";

interface Situation {
  readonly vm: VmName;
  readonly ahead: CollectedEvidence;
  readonly before: ReadonlySet<RuleId>;
  readonly open: readonly JudgedFinding[];
}

const weighOne = (situation: Situation, remedy: Remedy): WeighedRemedy => {
  const { repairs, ...rest } = remedy;
  const model = (repairs ?? []).filter(isModelled);
  const word = new Set(repairs === undefined ? remedy.clears : repairs.flatMap(wordOf));
  const after =
    model.length === 0
      ? situation.before
      : foretold(situation.vm, afterRepairs(situation.ahead, model));
  const gone = new Set<RuleId>([
    ...word,
    ...[...situation.before].filter((id) => !after.has(id)),
    ...unforeseen(situation).filter((id) => remedy.clears.includes(id) && !after.has(id)),
  ]);
  const cleared = withConsequences(gone, situation);
  const open = new Set(situation.open.map(({ id }) => id));
  const arisen = [...after].filter((id) => !situation.before.has(id) && !open.has(id));
  return {
    ...rest,
    clears: [...open].filter((id) => cleared.has(id)),
    leaves: [...situation.open.filter(isLeft(cleared)).map(({ id }) => id), ...arisen].filter(
      isFirst,
    ),
    checked: model.length > 0,
  };
};

/** Symptoms of an earlier phase are history; they are not left for anybody to repair. */
const isLeft =
  (cleared: ReadonlySet<RuleId>) =>
  ({ id, role, scope }: JudgedFinding): boolean =>
    !cleared.has(id) && (scope.inForce || role === "root-cause");

const isFirst = (id: RuleId, index: number, all: readonly RuleId[]): boolean =>
  all.indexOf(id) === index;

/**
 * Faults that nothing shows ahead of a start: those of earlier phases, and those that only the journal tells of. A remedy is about them
 * where it says so and does not bring them back.
 */
const unforeseen = ({ open, before }: Situation): readonly RuleId[] =>
  open.flatMap(({ id }) => (before.has(id) ? [] : [id]));

const isModelled = ({ kind }: Repair): boolean => kind !== "outside-model" && kind !== "restarted";

const wordOf = (repair: Repair): readonly RuleId[] =>
  repair.kind === "outside-model" ? repair.clears : [];

/** What no rule foretells, because only a start shows it, goes when everything that caused it is gone. */
const withConsequences = (
  gone: ReadonlySet<RuleId>,
  { open, before }: Situation,
): ReadonlySet<RuleId> => {
  const cleared = new Set(gone);
  for (let grew = true; grew;) {
    grew = false;
    for (const { id, causedBy } of open) {
      if (cleared.has(id) || before.has(id) || causedBy.length === 0) continue;
      if (causedBy.every((cause) => cleared.has(cause.id))) {
        cleared.add(id);
        grew = true;
      }
    }
  }
  return cleared;
};

const foretold = (vm: VmName, ahead: CollectedEvidence): ReadonlySet<RuleId> =>
  new Set(
    judge(vm, ahead)
      .findings.filter(({ scope, role }) => scope.inForce && role !== "note")
      .map(({ id }) => id),
  );
