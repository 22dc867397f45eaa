import type { Remedy } from "../rules/rule.ts";
import type { Finding } from "./finding.ts";

/** The repairs of the findings in force, best first, each once, with what it clears and leaves of what was really found. */
export const rankedOptions = (findings: readonly Finding[]): readonly Remedy[] => {
  const open = findings.filter(({ role, repaired }) => !repaired && role !== "note");
  const found = new Set(open.map(({ id }) => id));
  const roots = [
    ...open.filter(({ role }) => role === "root-cause"),
    ...open.filter(({ role }) => role !== "root-cause"),
  ];
  const options = new Map<string, Remedy>();
  for (const finding of roots) {
    for (const remedy of finding.remedies) {
      if (options.has(remedy.title)) continue;
      options.set(remedy.title, fitted(remedy, found));
    }
  }
  // What clears nothing that is broken is no option; looking closer is none either.
  return [...options.values()].filter(({ clears }) => clears.length > 0);
};

/** What a remedy does not name as cleared stays broken; it need not say so itself. */
const fitted = (remedy: Remedy, found: ReadonlySet<Finding["id"]>): Remedy => {
  const clears = remedy.clears.filter((id) => found.has(id));
  const leaves = [...found].filter(
    (id) =>
      !clears.includes(id) &&
      (remedy.leaves.includes(id) || !isSymptom(id)) &&
      id !== "runner/unknown-origin",
  );
  return { ...remedy, clears, leaves };
};

const isSymptom = (id: string): boolean => id.startsWith("lifecycle/") || id.startsWith("guest/");
