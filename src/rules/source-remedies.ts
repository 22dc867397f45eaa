import type { HostPath } from "../vocabulary.ts";
import type { Remedy } from "./rule.ts";

/** Runs the installers as the running system has them, where what stopped them is gone. */
export const installAgain = (paths: readonly HostPath[]): Remedy => ({
  title: "Let the running system install its secrets again",
  kind: "command",
  snippet: "/run/current-system/bin/switch-to-configuration test",
  clears: [],
  leaves: [],
  cost: "Runs the installers of this system once more; it restarts no unit that did not change. Start the VM afterwards.",
  repairs: paths.map((path) => ({ kind: "file-made", path })),
});
