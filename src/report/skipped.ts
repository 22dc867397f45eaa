import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { nameOf } from "./knowledge-names.ts";

type Skip = Extract<VmDiagnosis["outcomes"][number], { status: "skipped" }>;

const skipsOf = ({ outcomes }: VmDiagnosis): readonly Skip[] =>
  outcomes.filter((outcome) => outcome.status === "skipped");

/** How many rules were not asked, over all VMs; `undefined` where every rule was. */
export const skippedCount = (vms: readonly VmDiagnosis[]): string | undefined => {
  const count = vms.reduce((sum, vm) => sum + skipsOf(vm).length, 0);
  if (count === 0) return undefined;
  return count === 1
    ? "1 rule was not asked, for want of what it needs"
    : `${count} rules were not asked, for want of what they need`;
};

/** The rules that were not asked, a line for each lack: `without the Nix store: runner/override-discarded`. */
export const skippedLines = (vms: readonly VmDiagnosis[]): readonly string[] =>
  vms.flatMap((vm) => {
    const byLack = new Map<string, string[]>();
    for (const { id, missing } of skipsOf(vm)) {
      const lack = missing.map((key) => nameOf(key)).join(" and ");
      byLack.set(lack, [...(byLack.get(lack) ?? []), id]);
    }
    return [...byLack].map(
      ([lack, ids]) => `${vms.length > 1 ? `${vm.vm}, ` : ""}without ${lack}: ${ids.join(", ")}`,
    );
  });
