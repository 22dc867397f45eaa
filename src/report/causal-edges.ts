import type { Finding } from "../diagnosis/finding.ts";
import type { RuleId } from "../vocabulary.ts";

/** One rule's finding brought about another's. */
export interface CausalEdge {
  readonly from: RuleId;
  readonly to: RuleId;
  /** The mechanism in one sentence. */
  readonly how: string;
}

/** What caused what among these findings, by rule, each edge once. */
export const causalEdges = (findings: readonly Finding[]): readonly CausalEdge[] => {
  const known = new Set(findings.map(({ id }) => id));
  const edges = findings.flatMap(({ id, causedBy }) =>
    causedBy
      .filter((cause) => known.has(cause.id))
      .map((cause): CausalEdge => ({ from: cause.id, to: id, how: cause.how })),
  );
  return [...new Map(edges.map((edge) => [`${edge.from} ${edge.to} ${edge.how}`, edge])).values()];
};
