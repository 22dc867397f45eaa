import { evidenceKey, type EvidenceRef } from "../evidence/reference.ts";

export interface EvidenceNumbers {
  /** The id of a piece of evidence; a new one for evidence that is cited for the first time. */
  idOf(ref: EvidenceRef): string;
  idsOf(refs: readonly EvidenceRef[]): readonly string[];
  /** All that was cited, in the order of the ids. */
  cited(): readonly { readonly id: string; readonly ref: EvidenceRef }[];
}

/** Numbers evidence as it is cited: `e1`, `e2`, ... or from behind `last` on. The same observation keeps its number. */
export const evidenceNumbers = (last = 0): EvidenceNumbers => {
  const ids = new Map<string, { readonly id: string; readonly ref: EvidenceRef }>();
  const idOf = (ref: EvidenceRef): string => {
    const key = evidenceKey(ref);
    const known = ids.get(key);
    if (known !== undefined) return known.id;
    const id = `e${last + ids.size + 1}`;
    ids.set(key, { id, ref });
    return id;
  };
  return {
    idOf,
    idsOf: (refs) => [...new Set(refs.map(idOf))],
    cited: () => [...ids.values()],
  };
};
