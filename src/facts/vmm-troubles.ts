import type { Invocation } from "../evidence/journal.ts";
import type { VmmTrouble } from "../evidence/output.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { InvocationId } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { hasFailed, meaningsIn } from "./starts.ts";

/** One kind of trouble of the VMM in the starts of one phase. */
export interface Trouble {
  readonly phase: Phase;
  readonly starts: readonly InvocationId[];
  readonly first: JournalRef;
  readonly last: JournalRef;
  /** The device, file or option that the newest line names. */
  readonly object?: string;
  /** The starts that met it failed, and none since got further. */
  readonly keepsDown: boolean;
}

/** Where the VMM, or the runner around it, met this. */
export const troublesOf = (history: History, about: VmmTrouble): readonly Trouble[] =>
  history.phases.flatMap((phase) =>
    troubleIn(history, phase, (start) =>
      meaningsIn(start, "vmm-error").filter(({ meaning }) => meaning.about === about),
    ),
  );

interface Sign {
  readonly ref: JournalRef;
  readonly meaning?: { readonly object?: string };
}

/** The starts of a phase that show a sign; nothing where none does. */
export const troubleIn = (
  history: History,
  phase: Phase,
  signsOf: (start: Invocation) => readonly Sign[],
): readonly Trouble[] => {
  const met = phase.starts
    .map((start) => ({ start, signs: signsOf(start) }))
    .filter(({ signs }) => signs.length > 0);
  const signs = met.flatMap((one) => one.signs);
  const [first] = signs;
  const last = signs.at(-1);
  if (first === undefined || last === undefined) return [];
  const object = last.meaning?.object;
  return [
    {
      phase,
      starts: met.map(({ start }) => start.id),
      first: first.ref,
      last: last.ref,
      ...(object === undefined ? {} : { object }),
      keepsDown: met.some(({ start }) => hasFailed(start)) && isNewest(history, phase),
    },
  ];
};

/** No later start, and none that runs now. */
const isNewest = (history: History, phase: Phase): boolean =>
  !history.running && phase === history.phases.findLast(({ starts }) => starts.length > 0);
