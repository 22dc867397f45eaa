import type { DescribedCommand } from "../command-line.ts";

/** What a completion script is made from. */
export interface Completed {
  readonly commands: readonly DescribedCommand[];
  readonly rules: readonly { readonly id: string; readonly what: string }[];
}

/** Flags that name evidence on this machine; names of VMs are looked for there. */
export const SOURCES = [
  { name: "root", char: undefined },
  { name: "directory", char: "D" },
  { name: "file", char: undefined },
  { name: "bundle", char: undefined },
] as const;

/** Flags that name evidence elsewhere: a key that is pressed connects to nobody. */
export const NETWORK = [
  { name: "host", char: "H" },
  { name: "journal-url", char: undefined },
] as const;
