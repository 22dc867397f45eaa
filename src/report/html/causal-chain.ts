import type { Finding } from "../../diagnosis/finding.ts";
import type { RuleId } from "../../vocabulary.ts";
import { causalEdges, type CausalEdge } from "../causal-edges.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { prose } from "./prose.ts";
import type { Telling } from "./telling.ts";

/** What caused what, as a tree under each finding that nothing caused; nothing where nothing caused another. */
export const causalChain = (findings: readonly Finding[], telling: Telling): SafeHtml => {
  const edges = causalEdges(findings);
  if (edges.length === 0) return markup``;
  const caused = new Set(edges.map(({ to }) => to));
  const roots = [...new Set(edges.map(({ from }) => from))].filter((id) => !caused.has(id));
  const tree: Tree = { edges, findings, telling };
  return markup`<h4>What caused what</h4>
<ul class="causes">
${roots.map((id) => markup`<li>${named(id, tree)}${effects(id, tree, [id])}</li>\n`)}</ul>
`;
};

interface Tree {
  readonly edges: readonly CausalEdge[];
  readonly findings: readonly Finding[];
  readonly telling: Telling;
}

/** `above`: the rules on the way down to here, so that no circle goes on for ever. */
const effects = (id: RuleId, tree: Tree, above: readonly RuleId[]): SafeHtml => {
  const next = tree.edges.filter(({ from, to }) => from === id && !above.includes(to));
  return next.length === 0
    ? markup``
    : markup`
<ul>
${next.map(({ to, how }) => markup`<li><span class="how">${how}:</span> ${named(to, tree)}${effects(to, tree, [...above, to])}</li>\n`)}</ul>
`;
};

const named = (id: RuleId, { findings, telling }: Tree): SafeHtml => {
  const same = findings.filter((finding) => finding.id === id);
  const title = prose(same[0]?.title ?? id, { ...telling, placeOf: () => undefined });
  const more = same.length > 1 ? ` and ${same.length - 1} more` : "";
  return markup`<a href="#${telling.placeOf(id)}">${title}</a>${more}`;
};
