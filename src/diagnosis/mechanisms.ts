import type { MechanismName, Observation } from "../rules/rule.ts";

interface Mechanism {
  readonly how: string;
  /** Both ends were seen, and they belong together. */
  holds(cause: Observation, effect: Observation): boolean;
}

const overlap = <T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean =>
  a !== undefined && b !== undefined && a.some((one) => b.includes(one));

const sameStart = (cause: Observation, effect: Observation): boolean =>
  overlap(cause.scope.starts, effect.scope.starts);
const samePhase = (cause: Observation, effect: Observation): boolean =>
  cause.scope.phase !== undefined && cause.scope.phase === effect.scope.phase;
const sameSecret = (cause: Observation, effect: Observation): boolean =>
  overlap(cause.scope.secrets, effect.scope.secrets);

const samePath = (cause: Observation, effect: Observation): boolean =>
  overlap(cause.scope.paths, effect.scope.paths);
const bothInForce = (cause: Observation, effect: Observation): boolean =>
  cause.scope.inForce && effect.scope.inForce;
/** Ahead of a start there is no phase, nor is one of a VM that was never started. */
const bothAhead = (cause: Observation, effect: Observation): boolean =>
  bothInForce(cause, effect) && cause.scope.phase === undefined && effect.scope.phase === undefined;

/** How one finding brings about another. An edge needs evidence on both ends and a link between them: a shared start, phase or secret. */
export const MECHANISMS: Readonly<Record<MechanismName, Mechanism>> = {
  "failed-read-ends-the-runner": {
    how: "the failed read ends the script in the same start",
    holds: sameStart,
  },
  "failed-setup-ends-the-start": {
    how: "systemd ends the same start before the runner is reached",
    holds: sameStart,
  },
  "systemd-starts-it-again": {
    how: "systemd starts the unit again after each failure",
    holds: sameStart,
  },
  "nothing-is-handed-over": {
    how: "this runner hands nothing over in the same phase",
    holds: (cause, effect) =>
      sameStart(cause, effect) ||
      (effect.scope.starts === undefined &&
        cause.scope.inForce &&
        effect.scope.inForce &&
        // Without a journal there are no phases; both then stand on the files as they are now.
        cause.scope.phase === effect.scope.phase),
  },
  "empty-stays-empty": {
    how: "the same secret has no bytes on the host",
    holds: sameSecret,
  },
  "error-is-swallowed": {
    how: "the start goes on with an empty value for the same secret",
    holds: (cause, effect) =>
      sameSecret(cause, effect) && (samePhase(cause, effect) || bothAhead(cause, effect)),
  },
  "nothing-to-run": {
    how: "the unit's condition or command leads to nothing",
    // Starts that ran before it was gone are none of its.
    holds: (cause, effect) =>
      sameStart(cause, effect) ||
      (bothInForce(cause, effect) &&
        ((effect.scope.starts ?? []).length === 0 || cause.scope.phase === effect.scope.phase)),
  },
  "helper-fails-first": {
    how: "systemd does not start a unit whose requirement failed",
    holds: (cause, effect) =>
      sameStart(cause, effect) || samePhase(cause, effect) || bothAhead(cause, effect),
  },
  "secret-is-not-made": {
    how: "the same secret was not there to be read",
    holds: (cause, effect) =>
      samePath(cause, effect) || sameSecret(cause, effect) || sameStart(cause, effect),
  },
  "vmm-ends-the-start": {
    how: "the same start ends with it",
    holds: sameStart,
  },
  "value-is-lost": {
    how: "the same secret loses its value on the way",
    holds: (cause, effect) => sameSecret(cause, effect) && bothInForce(cause, effect),
  },
  "guest-does-not-take-it": {
    how: "the guest of the same phase does not take what it is handed",
    holds: (cause, effect) => sameSecret(cause, effect) || samePhase(cause, effect),
  },
  "nobody-declares-it": {
    how: "no generation of the host says any more what the unit is given",
    holds: bothInForce,
  },
  "template-is-hidden": {
    how: "the instance's own file hides what the template hands over",
    holds: bothInForce,
  },
  "older-runner-runs": {
    how: "the newer runner that would do it is not the one that runs",
    // Where the effect is about secrets, the newer runner has to be one that does better with them.
    holds: (cause, effect) =>
      bothInForce(cause, effect) &&
      (effect.scope.secrets === undefined ||
        effect.scope.secrets.length === 0 ||
        sameSecret(cause, effect)),
  },
  "share-is-not-served": {
    how: "the VMM of the same start finds nobody who serves the share",
    holds: (cause, effect) =>
      sameStart(cause, effect) ||
      samePhase(cause, effect) ||
      (samePath(cause, effect) && bothInForce(cause, effect)),
  },
};
