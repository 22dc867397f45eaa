import type { Secret } from "../facts/secrets.ts";
import type { History } from "../facts/history.ts";
import type { Observation, Scope } from "../rules/rule.ts";
import {
  SEVERITIES,
  stageOf,
  STAGES,
  type InvocationId,
  type Role,
  type RuleId,
  type Severity,
} from "../vocabulary.ts";
import type { Cause, JudgedFinding, UnweighedFinding } from "./finding.ts";
import { MECHANISMS } from "./mechanisms.ts";
import type { Observed } from "./rule-run.ts";

export interface CauseInput {
  readonly observed: readonly Observed[];
  readonly history: History | undefined;
  readonly secrets: readonly Secret[];
}

/** Joins observations into findings: who caused whom, who is a root cause, and what has been repaired since. */
export const linkCauses = ({
  observed,
  history,
  secrets,
}: CauseInput): readonly UnweighedFinding[] => {
  const causes = observed.map((effect) => observed.flatMap((cause) => edge(cause, effect)));
  const repaired = observed.map(({ observation }) => isRepaired(observation, history, secrets));
  const past = (index: number, seen: readonly number[] = []): boolean => {
    if (repaired[index] === true) return true;
    const from = (causes[index] ?? [])
      .map(({ cause }) => observed.indexOf(cause))
      .filter((one) => !seen.includes(one));
    return from.length > 0 && from.every((one) => past(one, [...seen, index]));
  };
  return observed
    .map(({ rule, observation }, index): UnweighedFinding => {
      const isPast = past(index);
      const severity = isPast ? "info" : (observation.severity ?? rule.severity);
      const causedBy = (causes[index] ?? []).map(({ cause, link }): Cause => ({
        id: cause.rule.id,
        ...link,
      }));
      const stage = rule.breaks ?? stageOf(rule.id);
      return {
        id: rule.id,
        ...(stage === undefined ? {} : { stage }),
        role: isPast ? "note" : roleOf(rule.part, causedBy.length > 0, severity),
        severity,
        certainty: observation.certainty,
        title: observation.title,
        explanation: observation.explanation,
        subject: observation.subject,
        causedBy: distinctCauses(causedBy),
        scope: observation.scope,
        evidence: observation.evidence,
        remedies: observation.remedies ?? [],
        misleading: observation.misleading ?? [],
        repaired: isPast,
      };
    })
    .toSorted(byImportance);
};

const edge = (
  cause: Observed,
  effect: Observed,
): readonly { readonly cause: Observed; readonly link: Omit<Cause, "id"> }[] =>
  // What is only worth a note brings nothing about.
  cause === effect || cause.observation.severity === "info"
    ? []
    : (cause.rule.causes ?? [])
        .filter(
          ({ effects, mechanism }) =>
            effects.includes(effect.rule.id) &&
            MECHANISMS[mechanism].holds(cause.observation, effect.observation),
        )
        .map(({ mechanism }) => ({ cause, link: { mechanism, how: MECHANISMS[mechanism].how } }));

const distinctCauses = (causes: readonly Cause[]): readonly Cause[] =>
  causes.filter((cause, index) => causes.findIndex(({ id }) => id === cause.id) === index);

const roleOf = (part: Observed["rule"]["part"], isCaused: boolean, severity: Severity): Role => {
  switch (part) {
    case "cause":
      if (isCaused) return "consequence";
      if (severity === "info") return "note";
      return severity === "warning" ? "contributing" : "root-cause";
    case "symptom":
      return severity === "info" ? "note" : "consequence";
    case "circumstance":
      return severity === "info" ? "note" : "contributing";
    case "risk":
      return "risk";
    case "note":
      return "note";
  }
};

/** A fault of an earlier phase is repaired where a later start got what it kept away: the secret, or a running guest. */
const isRepaired = (
  observation: Observation,
  history: History | undefined,
  secrets: readonly Secret[],
): boolean => {
  const { scope } = observation;
  if (scope.inForce || scope.recurs === true || scope.phase === undefined || history === undefined)
    return false;
  const laterStarts = startsBehind(scope, history);
  const concerned = secrets.filter(({ name }) => scope.secrets?.includes(name) === true);
  if (concerned.length > 0) {
    return concerned.every(({ reports }) =>
      reports.some(({ start, bytes }) => bytes > 0 && laterStarts.has(start)),
    );
  }
  // Not about a secret that is known: a guest that ran later got past it, unless a secret is still missing.
  const ready = new Set(history.readyStarts.map(({ id }) => id));
  const ranLater = [...laterStarts].some((id) => ready.has(id));
  return (
    ranLater &&
    secrets.every(({ reports }) =>
      reports.some(({ start, bytes }) => bytes > 0 && laterStarts.has(start)),
    )
  );
};

/** Starts after the last one that a finding is about; of later phases, where it is about none in particular. */
const startsBehind = (
  { phase = 0, starts = [] }: Scope,
  history: History,
): ReadonlySet<InvocationId> => {
  const all = history.phases.flatMap((one) => one.starts.map(({ id }) => ({ id, in: one.index })));
  const last = all.findLastIndex(({ id }) => starts.includes(id));
  return new Set(
    (last < 0 ? all.filter((one) => one.in > phase) : all.slice(last + 1)).map(({ id }) => id),
  );
};

const STAGE_ORDER: readonly string[] = [...STAGES, "lifecycle", "exposure", "unrelated"];
const ROLE_ORDER: readonly Role[] = ["root-cause", "contributing", "consequence", "risk", "note"];

/** By the stage that is broken, which need not be the one that the rule is named after. */
const placeOf = ({ id, stage }: JudgedFinding): number =>
  STAGE_ORDER.indexOf(stage ?? id.slice(0, id.indexOf("/")));

/** Within a stage: a file that cannot be seen is not asked for its mode, nor one whose directory cannot be passed. */
const MET_FIRST: readonly RuleId[] = ["access/namespace", "access/parent-directory"];

const metFirst = (id: RuleId): number =>
  MET_FIRST.includes(id) ? MET_FIRST.indexOf(id) : MET_FIRST.length;

/** Where the start itself is skipped or refused, nothing else is met before that is repaired. */
const STOPS_EVERY_START: ReadonlySet<RuleId> = new Set([
  "credentials/unit-shadowed",
  "runner/missing",
]);

const isMetAfterAStart = ({ id, scope }: JudgedFinding): boolean =>
  !STOPS_EVERY_START.has(id) || (scope.starts ?? []).length > 0;

/** What is in force first; then the order in which a repair meets it; then by phase, rule and subject, so that the order is always the same. */
const byImportance = (a: JudgedFinding, b: JudgedFinding): number =>
  ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role) ||
  Number(b.scope.inForce) - Number(a.scope.inForce) ||
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
  Number(isMetAfterAStart(a)) - Number(isMetAfterAStart(b)) ||
  placeOf(a) - placeOf(b) ||
  (a.scope.phase ?? 0) - (b.scope.phase ?? 0) ||
  metFirst(a.id) - metFirst(b.id) ||
  compare(a.id, b.id) ||
  compare(JSON.stringify(a.subject), JSON.stringify(b.subject));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** First what stands between the VM and its secrets now, then what earlier phases left unrepaired. */
export const rootCausesOf = (
  findings: readonly Pick<JudgedFinding, "id" | "role" | "scope">[],
): readonly RuleId[] => {
  const roots = findings.filter(({ role }) => role === "root-cause");
  const ordered = [
    ...roots.filter(({ scope }) => scope.inForce),
    ...roots.filter(({ scope }) => !scope.inForce),
  ];
  return [...new Set(ordered.map(({ id }) => id))];
};
