import type { Host } from "../host/host.ts";

/** The hosts that a request is about. Whoever has them closes them, once nothing more is asked. */
export interface OpenedSource {
  readonly status: "opened";
  readonly hosts: readonly [Host, ...Host[]];
  readonly close: () => Promise<void>;
}

/** Hosts that need no closing. */
export const opened = (...hosts: readonly [Host, ...Host[]]): OpenedSource => ({
  status: "opened",
  hosts,
  close: async () => {},
});
