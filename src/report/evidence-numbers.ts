import type { LedgerEntry } from "../diagnosis/ledger.ts";
import { evidenceKey, type CoverageRef, type EvidenceRef } from "../evidence/reference.ts";

export interface EvidenceNumbers {
  /** The id of a piece of evidence; a new one for evidence that is cited for the first time. */
  idOf(ref: EvidenceRef): string;
  idsOf(refs: readonly EvidenceRef[]): readonly string[];
  /** All that was cited, in the order of the ids. */
  cited(): readonly { readonly id: string; readonly ref: EvidenceRef }[];
  /** The ids of the lines of the ledger that carry it, in the ledger's order. */
  linesOf(ref: CoverageRef): readonly string[];
  /** The id of a line of this host's ledger by its place, from 0. */
  readonly lineAt: (place: number) => string;
}

/** Behind what a report of several hosts goes on: the pieces of evidence and the lines of ledgers of those before. */
export interface NumbersBefore {
  readonly evidence: number;
  readonly lines: number;
}

/** Numbers evidence as it is cited: `e1`, `e2`, ... or behind those `before`. The same observation keeps its number. */
export const evidenceNumbers = (
  ledger: readonly LedgerEntry[],
  before: NumbersBefore = { evidence: 0, lines: 0 },
): EvidenceNumbers => {
  const ids = new Map<string, { readonly id: string; readonly ref: EvidenceRef }>();
  const idOf = (ref: EvidenceRef): string => {
    const key = evidenceKey(ref);
    const known = ids.get(key);
    if (known !== undefined) return known.id;
    const id = `e${before.evidence + ids.size + 1}`;
    ids.set(key, { id, ref });
    return id;
  };
  return {
    idOf,
    idsOf: (refs) => [...new Set(refs.map(idOf))],
    cited: () => [...ids.values()],
    linesOf: ({ ledger: keys }) =>
      ledger.flatMap(({ key }, index) => (keys.includes(key) ? lineId(before.lines + index) : [])),
    lineAt: (place) => lineId(before.lines + place),
  };
};

/** The id of a line of the ledger by its place, from 0. */
export const lineId = (place: number): string => `c${place + 1}`;

/** `c1 c3-c9`: the ids of lines of the ledger, neighbours as a span. */
export const idList = (ids: readonly string[]): string => {
  const spans: { from: number; to: number }[] = [];
  for (const number of ids.map((id) => Number(id.slice(1))).toSorted((a, b) => a - b)) {
    const span = spans.at(-1);
    if (span !== undefined && number === span.to + 1) span.to = number;
    else spans.push({ from: number, to: number });
  }
  return spans
    .map(({ from, to }) =>
      from === to ? `c${from}` : `c${from}${to === from + 1 ? " " : "-"}c${to}`,
    )
    .join(" ");
};
