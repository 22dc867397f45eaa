import * as v from "valibot";
import type { Boot } from "../evidence/journal.ts";
import type { Host } from "../host/host.ts";
import { hasFailed } from "../host/present-values.ts";
import { bootId, micros } from "../vocabulary.ts";
import { complaintsOf, failureText } from "./read.ts";

/** `journalctl --list-boots -o json`: one array; times in microseconds (252 to 262). */
const bootList = v.array(
  v.object({
    boot_id: v.string(),
    first_entry: v.pipe(v.number(), v.safeInteger()),
    last_entry: v.pipe(v.number(), v.safeInteger()),
  }),
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
  if (result.stdout.trim() === "") {
    return {
      boots: [],
      complaints,
      ...(result.exitCode === 0 ? {} : { failure: failureText(result) }),
    };
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), bootList), result.stdout);
  if (!parsed.success)
    return {
      boots: [],
      complaints,
      failure: hasFailed(result)
        ? failureText(result)
        : "the list of boots could not be understood",
    };
  const boots = parsed.output.map((boot) => ({
    id: bootId(boot.boot_id),
    first: micros(boot.first_entry),
    last: micros(boot.last_entry),
  }));
  return {
    boots: boots.toSorted((a, b) => a.first - b.first),
    complaints,
    ...(hasFailed(result) ? { failure: failureText(result) } : {}),
  };
};

/**
 * The id of the boot that `journalctl -b` means by a text: an id, an offset from the last boot (`0`, `-1`) or from the first (`1`), or an
 * id with an offset (journalctl(1)). A text that names none of these boots stays as it is, and journalctl says that it has no such boot.
 */
export const bootNamed = (text: string, boots: readonly Boot[]): string => {
  const { id = "", offset = "" } =
    /^(?<id>[0-9a-f]{32})?(?<offset>[-+]?\d+)?$/u.exec(text)?.groups ?? {};
  const steps = Number(offset);
  const start =
    id !== "" ? boots.findIndex((boot) => boot.id === id) : steps > 0 ? -1 : boots.length - 1;
  return (id !== "" && start < 0 ? undefined : boots[start + steps]?.id) ?? text;
};
