import type { CausalClaim } from "./rule.ts";

/** What follows where the VMM does not show the secret to the guest. */
export const LOST_ON_THE_WAY: readonly CausalClaim[] = [
  {
    mechanism: "value-is-lost",
    effects: ["guest/empty-credential", "guest/absent-credential", "guest/not-imported"],
  },
];

/** What follows where the VMM ends over it. */
export const ENDS_THE_VMM: readonly CausalClaim[] = [
  {
    mechanism: "vmm-ends-the-start",
    effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
  },
];
