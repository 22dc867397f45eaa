import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Generation } from "../evidence/store.ts";
import type { Remedy } from "./rule.ts";

const CLEARS = ["runner/missing", "lifecycle/condition-skipped"] as const;

/** How a VM whose runner is gone gets one again, by the way on which it came to the host. */
export const wayBack = (state: StateDirectory, newest: Generation | undefined): Remedy => {
  const name = state.path.slice(state.path.lastIndexOf("/") + 1);
  const shared = { clears: CLEARS, leaves: [] };
  const isFrozen = newest?.frozen === true && state.ref.absent !== true;
  if (isFrozen || state.flavour === "imperative")
    return {
      ...shared,
      title: "Build the runner again from the VM's flake",
      kind: "command",
      snippet: `microvm -u ${name}`,
      cost: "Writes current anew from the flake file; start the VM afterwards.",
    };
  if (state.flavour === "deployed")
    return {
      ...shared,
      title: "Deploy the VM again",
      kind: "advice",
      snippet: `nix run .#nixosConfigurations.${name}.config.microvm.deploy.rebuild HOST`,
      cost: "From the machine that deployed it: nothing on this host can build it.",
    };
  return newest?.runner === undefined
    ? {
        ...shared,
        title: "Declare the VM again and switch",
        kind: "command",
        snippet: "nixos-rebuild switch",
        cost: "Writes current again; start the VM afterwards.",
      }
    : {
        ...shared,
        title: "Let the host install the runner again",
        kind: "command",
        snippet: `systemctl start install-microvm-${name}.service`,
        cost: "Writes current again; start the VM afterwards.",
      };
};
