import type { LinkedSystems } from "../evidence/linked-systems.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Host } from "../host/host.ts";
import { hostPath, storePathOf, type StorePath } from "../vocabulary.ts";

/** The systems of the guest that the runners of a state directory boot, as `share/microvm/system` says it (microvm.nix lib/runner.nix at 71beea0). */
export const collectLinkedSystems = async (
  host: Host,
  { links }: StateDirectory,
): Promise<LinkedSystems> => {
  const [current, booted] = await Promise.all([
    systemOf(host, links.current?.store),
    systemOf(host, links.booted?.store),
  ]);
  return {
    ...(current === undefined ? {} : { current }),
    ...(booted === undefined ? {} : { booted }),
  };
};

const systemOf = async (
  host: Host,
  runner: StorePath | undefined,
): Promise<StorePath | undefined> => {
  if (runner === undefined) return undefined;
  const found = await host.lstat(hostPath(`${runner}/share/microvm/system`));
  return found.status === "present" ? storePathOf(found.value.target ?? "") : undefined;
};
