import type { LinkedSystems } from "../evidence/linked-systems.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { StorePath } from "../vocabulary.ts";

/**
 * How what is booted, what is installed and what is declared stand to each other, in the words of `microvm -l` (microvm.nix
 * pkgs/microvm-command.nix at 71beea0). It compares the guest's systems; where only the runner around the same system is another one,
 * that is `runner-changed`, since a secret may hang on it. `unknown`: what is declared would have to be evaluated.
 */
export type InstalledVersion =
  | "current"
  | "stale"
  | "outdated"
  | "not-booted"
  | "runner-changed"
  | "not-installed"
  | "unknown";

export interface VersionFacts {
  readonly state: StateDirectory;
  readonly systems: LinkedSystems;
  /** The runner that `install-microvm-VM.service` would link. */
  readonly declared?: StorePath;
}

export const installedVersion = (facts: VersionFacts): InstalledVersion => {
  const { current, booted } = facts.state.links;
  if (current === undefined) return facts.state.ref.absent === true ? "unknown" : "not-installed";
  if (current.store === undefined) return "unknown";
  const asDeclared = isAsDeclared(facts, current.store);
  if (asDeclared === false) return "outdated";
  if (booted === undefined) return "not-booted";
  if (booted.store === undefined) return "unknown";
  if (booted.store !== current.store)
    return hasSameSystem(facts.systems) ? "runner-changed" : "stale";
  return asDeclared === true ? "current" : "unknown";
};

/** Whether what is installed is what the host's configuration declares; `undefined` where only a flake could tell. */
const isAsDeclared = (
  { state, systems, declared }: VersionFacts,
  runner: StorePath,
): boolean | undefined => {
  const toplevel = state.links.toplevel?.store;
  if (toplevel !== undefined && systems.current !== undefined) return toplevel === systems.current;
  return declared === undefined ? undefined : declared === runner;
};

const hasSameSystem = ({ current, booted }: LinkedSystems): boolean =>
  current !== undefined && current === booted;
