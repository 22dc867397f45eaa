import type { OtherUnit } from "../evidence/other-units.ts";
import type { VmUnit } from "../evidence/unit.ts";

/** A service waits for these unless it says DefaultDependencies=no (systemd.service(5), "Default Dependencies"). */
const BY_DEFAULT = ["sysinit.target", "basic.target"];

/**
 * Whether systemd starts the VM only after this unit: After= on one side or Before= on the other, directly or by a unit that the VM waits
 * for. Requires= and Wants= alone order nothing (systemd.unit(5)).
 */
export const isOrderedAfter = (unit: VmUnit, { name, before }: OtherUnit): boolean => {
  const after = unit.dependencies.filter(({ key }) => key === "After").map(({ value }) => value);
  return (
    after.includes(name) ||
    before.some((later) => [unit.name, ...after, ...BY_DEFAULT].includes(later))
  );
};
