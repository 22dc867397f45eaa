import * as v from "valibot";
import type { Boot } from "../evidence/journal.ts";
import type { Host } from "../host/host.ts";
import { bootId, micros } from "../vocabulary.ts";
import { complaintsOf } from "./read.ts";

/** `journalctl --list-boots -o json`: one array; times in microseconds (252 to 262). */
const bootList = v.array(
  v.object({ boot_id: v.string(), first_entry: v.number(), last_entry: v.number() }),
);

export interface BootsRead {
  readonly boots: readonly Boot[];
  readonly complaints: readonly string[];
  readonly failure?: string;
}

/** The boots that the journal holds, oldest first, with their first and last entry. */
export const readBoots = async (host: Host): Promise<BootsRead> => {
  const result = await host.run({ program: "journalctl", args: ["--list-boots", "--output=json"] });
  const complaints = complaintsOf(result.stderr);
  if (result.failure === "not-installed")
    return { boots: [], complaints, failure: "journalctl is not installed here" };
  if (result.stdout.trim() === "") {
    return {
      boots: [],
      complaints,
      ...(result.exitCode === 0 ? {} : { failure: complaints[0] ?? "journalctl failed" }),
    };
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), bootList), result.stdout);
  if (!parsed.success)
    return { boots: [], complaints, failure: "the list of boots could not be understood" };
  const boots = parsed.output.map((boot) => ({
    id: bootId(boot.boot_id),
    first: micros(boot.first_entry),
    last: micros(boot.last_entry),
  }));
  return { boots: boots.toSorted((a, b) => a.first - b.first), complaints };
};
