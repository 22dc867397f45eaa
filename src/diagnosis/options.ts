import type { Finding, WeighedRemedy } from "./finding.ts";

/** The repairs of what is broken now, those of root causes first, each once; what clears nothing is no option. */
export const rankedOptions = (findings: readonly Finding[]): readonly WeighedRemedy[] => {
  const open = findings.filter(({ role, repaired }) => !repaired && role !== "note");
  const roots = [
    ...open.filter(({ role }) => role === "root-cause"),
    ...open.filter(({ role }) => role !== "root-cause"),
  ];
  const options = new Map<string, WeighedRemedy>();
  for (const remedy of roots.flatMap(({ remedies }) => remedies)) {
    if (remedy.clears.length > 0 && !options.has(remedy.title)) options.set(remedy.title, remedy);
  }
  const rootIds = new Set(open.filter(({ role }) => role === "root-cause").map(({ id }) => id));
  const uncleared = ({ leaves }: WeighedRemedy): number =>
    leaves.filter((id) => rootIds.has(id)).length;
  // A stable sort: among equals the order in which the rules offer them.
  return [...options.values()].toSorted((a, b) => uncleared(a) - uncleared(b));
};
