import type { Finding, VmDiagnosis } from "../diagnosis/finding.ts";
import type { RuleId } from "../vocabulary.ts";
import { causalEdges } from "./causal-edges.ts";
import { diagram, label } from "./mermaid-text.ts";
import { sentence } from "./words.ts";

/** What caused what, as boxes and arrows: every finding at an end of a mechanism, once for each rule. Nothing where nothing caused another. */
export const causesDiagram = (
  { findings }: Pick<VmDiagnosis, "findings">,
  zone: string,
): readonly string[] => {
  const edges = causalEdges(findings);
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = [...new Set(findings.map(({ id }) => id))].filter((id) => linked.has(id));
  if (nodes.length === 0) return [];
  const nameOf = (id: RuleId): string => `n${nodes.indexOf(id) + 1}`;
  const roots = nodes.filter((id) =>
    findings.some((finding) => finding.id === id && finding.role === "root-cause"),
  );
  return [
    diagram([
      "flowchart TD",
      ...nodes.map((id) => {
        const same = findings.filter((one) => one.id === id);
        return `    ${nameOf(id)}["${box(same, zone)}"]`;
      }),
      ...edges.map(({ from, to, how }) => `    ${nameOf(from)} -->|"${label(how)}"| ${nameOf(to)}`),
      "    classDef root stroke-width:4px",
      ...(roots.length === 0 ? [] : [`    class ${roots.map(nameOf).join(",")} root`]),
    ]),
  ];
};

const box = (same: readonly Finding[], zone: string): string => {
  const [first] = same;
  if (first === undefined) return "";
  const phases = [...new Set(same.flatMap(({ scope }) => scope.phase ?? []))];
  const when =
    phases.length === 0 ? "" : `, ${phases.length === 1 ? "phase" : "phases"} ${phases.join(", ")}`;
  const more = same.length === 1 ? "" : ` (and ${same.length - 1} more)`;
  return [
    label(`${first.role.replace("-", " ")}${when}`),
    `<b>${label(first.id)}</b>`,
    label(`${sentence(first.title, zone)}${more}`),
  ].join("<br/>");
};
