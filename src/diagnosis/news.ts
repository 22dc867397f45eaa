import type { Gap } from "../evidence/evidence.ts";
import { SEVERITIES, type Severity, type VmName } from "../vocabulary.ts";
import type { Diagnosis } from "./diagnose.ts";
import type { Finding, VmDiagnosis } from "./finding.ts";
import type { LedgerEntry } from "./ledger.ts";

/** A finding that has become true of a VM, or is no longer. */
export interface News {
  /** `already`: it was true when the first look was taken. */
  readonly event: "already" | "appeared" | "resolved";
  readonly vm: VmName;
  /** As it was seen last. */
  readonly finding: Finding;
  /** The ledger of the look that it is of. */
  readonly ledger: readonly LedgerEntry[];
}

/** A finding that was true, and what could not be looked at even then. */
interface True {
  readonly vm: VmName;
  readonly finding: Finding;
  readonly ledger: readonly LedgerEntry[];
  readonly gaps: ReadonlySet<string>;
}

/**
 * Takes one look at a host after the other, gives what is new in it: what is no longer true, and then what has become true, in the order
 * of a report. Notes are no news, nor is what is less severe than `least`, nor what was so in an earlier phase only.
 *
 * A finding is the same while its VM, its rule and its subject are, whatever it counts. It is no longer true where its rule was asked
 * and did not find it, with no source missing that was there before; where less could be read it stays as it was.
 */
export const newsOf = (least: Severity): ((diagnosis: Diagnosis) => readonly News[]) => {
  const known = new Map<string, True>();
  let isFirst = true;
  return ({ vms, gaps, ledger }) => {
    const places = new Set(gaps.map(placeOf));
    const now = new Map<string, True>();
    for (const { vm, findings } of vms) {
      for (const finding of findings) {
        const key = keyOf(vm, finding);
        if (isTold(finding, least) && !now.has(key))
          now.set(key, { vm, finding, ledger, gaps: places });
      }
    }
    const suppressed = new Set(
      vms.flatMap(({ vm, suppressed: those }) => those.map(({ finding }) => keyOf(vm, finding))),
    );
    const news: News[] = [];
    for (const [key, { gaps: before, ...was }] of known) {
      if (now.has(key)) continue;
      const isLessKnown = [...places].some((place) => !before.has(place));
      if (isLessKnown || !wasAsked(was, vms)) continue;
      known.delete(key);
      // Somebody said that it does not count: it is as true as it was.
      if (!suppressed.has(key)) news.push({ event: "resolved", ...was });
    }
    for (const [key, one] of now) {
      const { gaps: _, ...found } = one;
      if (!known.has(key)) news.push({ event: isFirst ? "already" : "appeared", ...found });
      known.set(key, one);
    }
    isFirst = false;
    return news;
  };
};

const isTold = ({ role, repaired, severity, scope }: Finding, least: Severity): boolean =>
  role !== "note" &&
  !repaired &&
  (scope.inForce || role === "risk") &&
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);

/** Numbers in a subject count (starts, phases, generations), and times say from when to when: both change while it is the same. */
const keyOf = (vm: VmName, { id, subject }: Pick<Finding, "id" | "subject">): string =>
  JSON.stringify([
    vm,
    id,
    ...Object.entries(subject)
      .filter(([, value]) => typeof value === "string" && !TIME.test(value))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);

const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/u;

const placeOf = ({ source, vm }: Gap): string => `${source} ${vm ?? ""}`;

/** Of a VM that is not there any more nothing is left to ask. */
const wasAsked = ({ vm, finding }: Pick<True, "vm" | "finding">, vms: readonly VmDiagnosis[]) => {
  const outcome = vms.find((one) => one.vm === vm)?.outcomes.find((one) => one.id === finding.id);
  return outcome?.status !== "skipped" && outcome?.status !== "error";
};
