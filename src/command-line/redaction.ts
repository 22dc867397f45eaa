import { CLIError } from "@oclif/core/errors";
import type { Redaction } from "../requests/request.ts";
import { REDACTABLE, type Redactable } from "../vocabulary.ts";
import { writeOutput } from "./output.ts";

/** The list of `--redact=hosts,users`. */
export const parseRedactable = (input: string): readonly Redactable[] => {
  const words = input.split(",").map((word) => word.trim());
  const kinds = REDACTABLE.filter((kind) => words.includes(kind));
  const unknown = words.find((word) => !REDACTABLE.some((kind) => kind === word));
  if (unknown !== undefined) {
    throw new CLIError(
      `--redact takes a list of ${REDACTABLE.join(", ")}, not ${JSON.stringify(unknown)}`,
    );
  }
  return kinds;
};

interface RedactFlags {
  readonly redact?: readonly Redactable[] | undefined;
  readonly "redact-map"?: string | undefined;
}

/** Where the map goes that undoes the redaction of `output`. */
export const mapFile = ({ "redact-map": named }: RedactFlags, output: string): string =>
  named ?? `${output}.names.json`;

/** What a request is to redact; nothing where it was not asked for. */
export const redactionOf = (
  { redact }: RedactFlags,
  map: string | undefined,
): Redaction | undefined => (redact === undefined ? undefined : { kinds: redact, map });

/** Where the map of a report goes: beside its file, or where somebody says; a report on stdout has none unless somebody does. */
export const redactMapOf = (
  flags: RedactFlags & { readonly "output-file": string | undefined },
): string | undefined => {
  const file = flags["output-file"];
  return file === undefined ? flags["redact-map"] : mapFile(flags, file);
};

/** Writes what a report calls by other names to the file of its map. */
export const writeMap = async (
  map: string | undefined,
  flags: Parameters<typeof redactMapOf>[0],
): Promise<void> => {
  const file = redactMapOf(flags);
  if (map !== undefined && file !== undefined) await writeOutput(map, { file, isPrivate: true });
};
