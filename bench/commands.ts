/** What mvdoctor is asked for. */
import { VM } from "./crash-loop.ts";

export type Reading = "diagnose" | "timeline";

/** A time for the report that is later than every entry. */
export const NOW = ["--now", "2026-06-01 00:00:00 UTC"];

/** A command that reads a journal for one VM. */
export const reading = (command: Reading, dir: string): readonly string[] => [
  command,
  VM,
  "-D",
  dir,
  "--json",
  ...NOW,
];
