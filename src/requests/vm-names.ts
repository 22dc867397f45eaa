import { collectStateRoot } from "../collectors/unit.ts";
import { vmsOn } from "./look-at-host.ts";
import { openSource } from "./open-source.ts";
import type { Refusal, Source } from "./request.ts";

export type VmNames =
  | {
      readonly status: "named";
      readonly names: readonly string[];
      /** Where names could not be looked for, in words that say why. */
      readonly unreadable: readonly string[];
    }
  | Refusal;

/** The VMs of the hosts that a source names, without a look at any of them. */
export const vmNames = async (source: Source): Promise<VmNames> => {
  const opened = await openSource(source);
  if (opened.status !== "opened") return opened;
  try {
    const found = await Promise.all(
      opened.hosts.map(async (host) => vmsOn(host, await collectStateRoot(host), [])),
    );
    return {
      status: "named",
      names: [...new Set(found.flatMap(({ names }) => names))].toSorted(),
      unreadable: found.flatMap(({ unreadable }) => unreadable),
    };
  } finally {
    await opened.close();
  }
};
