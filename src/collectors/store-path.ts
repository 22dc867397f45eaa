import { HYPERVISORS, type Hypervisor } from "../evidence/runner.ts";
import type { StorePath } from "../vocabulary.ts";

/** The name part of a store path, behind its hash. */
export const storeName = (path: StorePath): string => path.slice("/nix/store/".length + 33);

/** `microvm-<hypervisor>-<host name>`: the runner's directory, in all revisions of microvm.nix (lib/runner.nix). */
export const runnerDirectoryName = (
  name: string,
): { readonly hypervisor: Hypervisor; readonly guestName: string } | undefined => {
  for (const hypervisor of HYPERVISORS) {
    const start = `microvm-${hypervisor}-`;
    if (name.startsWith(start) && name.length > start.length)
      return { hypervisor, guestName: name.slice(start.length) };
  }
  return undefined;
};

/** `microvm-<host name>-microvm-run`: a runner script since 2024-12 (3d3429b); `microvm-run` alone: older, or written by hand. */
export const runnerScriptGuest = (name: string): string | undefined =>
  /^microvm-(?<guest>.+)-microvm-run$/u.exec(name)?.groups?.["guest"];
