import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { History } from "./history.ts";
import { countOf, hasFailed } from "./starts.ts";
import type { Sign, Trouble } from "./vmm-troubles.ts";
import { isVmUnit } from "./wording.ts";

const SECOND = 1_000_000;
/** systemd fails what needs a unit in the moment in which that unit fails. */
const AT_ONCE = 10 * SECOND;

/** Starts of the VM that were not tried because a unit that it requires had failed (JOB_RESULT=dependency), in order. */
export const dependencyFailures = (vmJournal: VmJournal): readonly JournalRef[] =>
  [
    ...vmJournal.failedJobs
      .filter(({ unit, result }) => isVmUnit(unit) && result === "dependency")
      .map(({ ref }) => ref),
    ...vmJournal.invocations.flatMap(({ failedStart }) =>
      failedStart?.result === "dependency" ? [failedStart.ref] : [],
    ),
  ].toSorted((a, b) => a.time - b.time);

/** Of these starts the newest that failed in the same seconds; systemd does not say itself which unit it was. */
export const failedBeside = (
  starts: readonly Invocation[],
  failure: JournalRef,
): Invocation | undefined =>
  starts.findLast(
    (start) => hasFailed(start) && Math.abs(start.last.time - failure.time) <= AT_ONCE,
  );

/** A trouble in the helper units of microvm.nix that kept the VM from being tried; at most one, over all failures. */
export const helperTroubles = (
  { history, vmJournal }: { readonly history: History; readonly vmJournal: VmJournal },
  signsOf: (helper: Invocation) => readonly Sign[],
): readonly Trouble[] => {
  const failures = dependencyFailures(vmJournal);
  const met = failures.flatMap((failure) => {
    const helper = failedBeside(vmJournal.helpers, failure);
    const signs = helper === undefined ? [] : signsOf(helper);
    return helper === undefined || signs.length === 0 ? [] : [{ failure, helper, signs }];
  });
  const last = met.at(-1);
  const signs = met.flatMap((one) => one.signs);
  const [first] = signs;
  const final = signs.at(-1);
  if (last === undefined || first === undefined || final === undefined) return [];
  const helpers = [...new Set(met.map(({ helper }) => helper))];
  const phase = history.phases.findLast(({ start }) => start <= last.failure.time);
  const object = final.meaning?.object;
  const later = vmJournal.invocations.some((start) => start.first.time > last.failure.time);
  return [
    {
      ...(phase === undefined ? {} : { phase }),
      starts: helpers.map(({ id }) => id),
      count: countOf(helpers),
      first: first.ref,
      last: final.ref,
      ...(object === undefined ? {} : { object }),
      standing: later || last.failure !== failures.at(-1) ? "over" : "down",
    },
  ];
};
