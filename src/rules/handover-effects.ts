import type { CausalClaim, Scope } from "./rule.ts";
import type { Runner } from "../evidence/runner.ts";
import type { History } from "../facts/history.ts";
import { startsOfRunner } from "../facts/passed-values.ts";

/** What a guest shows of a value that is lost on its way through the VMM. */
export const LOST_ON_THE_WAY: CausalClaim = {
  mechanism: "value-is-lost",
  effects: [
    "guest/empty-credential",
    "guest/absent-credential",
    "guest/not-imported",
    "guest/name-mismatch",
  ],
};

/** Where something holds that the runner in force says by itself. */
export const scopeOfRunner = (
  runner: Runner,
  history: History | undefined,
  secrets: readonly string[],
): Scope => {
  const { phase, starts } = startsOfRunner(runner, history);
  return { secrets, starts, inForce: true, ...(phase === undefined ? {} : { phase: phase.index }) };
};
