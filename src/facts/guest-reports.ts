import type { Invocation } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { History, Phase } from "./history.ts";
import { meaningsIn } from "./starts.ts";

/** What the guests of one phase say of credentials that are empty or not there. */
export interface EmptyReport {
  readonly phase: Phase;
  readonly inForce: boolean;
  readonly starts: readonly Invocation[];
  /** Names as the guest writes them. */
  readonly names: readonly string[];
  readonly zeroes: readonly JournalRef[];
  /** Each of these lines names the file or lists the credential, so that it is there. */
  readonly areThere: boolean;
  /** A shell's or test's own word that there is no such file: the size of 0 then comes from the test, not from a file. */
  readonly missing: readonly JournalRef[];
}

export const emptyReports = ({ phases }: History): readonly EmptyReport[] => {
  const lastWithStarts = phases.findLast(({ starts }) => starts.length > 0);
  return phases.flatMap((phase): readonly EmptyReport[] => {
    const reports = phase.starts.map((start) => ({
      start,
      // The newest word of a name counts: a guest may measure before and after its import.
      sizes: new Map(
        meaningsIn(start, "credential-size").map(({ meaning, ref }) => [
          meaning.name,
          { bytes: meaning.bytes, isThere: meaning.isThere === true, ref },
        ]),
      ),
      missing: meaningsIn(start, "credential-file-missing"),
    }));
    const told = reports.filter(
      ({ sizes, missing }) =>
        missing.length > 0 || [...sizes.values()].some(({ bytes }) => bytes === 0),
    );
    if (told.length === 0) return [];
    const zeroes = told.flatMap(({ sizes }) => [...sizes].filter(([, { bytes }]) => bytes === 0));
    const missing = told.flatMap((one) => one.missing);
    const names = [
      ...zeroes.map(([name]) => name),
      ...(zeroes.length > 0 ? [] : missing.map(({ meaning }) => meaning.name)),
    ];
    return [
      {
        phase,
        inForce: phase === lastWithStarts,
        starts: told.map(({ start }) => start),
        names: [...new Set(names)],
        areThere: zeroes.length > 0 && zeroes.every(([, { isThere }]) => isThere),
        zeroes: distinct(zeroes.map(([, { ref }]) => ref)),
        missing: distinct(missing.map(({ ref }) => ref)),
      },
    ];
  });
};

const distinct = (refs: readonly JournalRef[]): readonly JournalRef[] =>
  refs.filter((ref, index) => refs.findIndex(({ cursor }) => cursor === ref.cursor) === index);
