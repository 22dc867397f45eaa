import type { VmDiagnosis, WeighedRemedy } from "../diagnosis/finding.ts";

/** The option that a reader is told to take: one that repairs a root cause, where there is any. */
export const recommended = ({
  options,
  findings,
}: Pick<VmDiagnosis, "options" | "findings">): WeighedRemedy | undefined => {
  const roots = new Set(
    findings.filter(({ role, repaired }) => role === "root-cause" && !repaired).map(({ id }) => id),
  );
  const [first] = options;
  return roots.size === 0 || first?.clears.some((id) => roots.has(id)) === true ? first : undefined;
};
