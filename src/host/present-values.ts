import * as v from "valibot";
import type { CommandEnd, CommandResult } from "./host.ts";
import type { JournalReader } from "./journal-reader.ts";

/** What is asked: which of these values of a field are in an entry that matches. */
export interface ValueQuestion {
  readonly field: string;
  readonly values: readonly string[];
  /** As for journalctl, `+` included; none: every entry matches. */
  readonly matches?: readonly string[];
}

export type PresentValues =
  | { readonly status: "known"; readonly values: readonly string[] }
  | { readonly status: "failed"; readonly result: CommandResult };

/**
 * The values that some matching entry has, in the order in which they were given. `--field` tells values without regard to matches; so the
 * newest entries with one of the values are asked for, then those with one of the values that are left, until there are none.
 */
export const presentValues = async (
  journal: JournalReader,
  { field, values, matches = [] }: ValueQuestion,
): Promise<PresentValues> => {
  const found = new Set<string>();
  for (let begin = 0; begin < values.length; begin += MOST_VALUES) {
    const left = new Set(values.slice(begin, begin + MOST_VALUES));
    while (left.size > 0) {
      const one = [...left].map((value) => `${field}=${value}`);
      const result = await journal.run([
        "--output=json",
        `--lines=${left.size === 1 ? 1 : MOST_LINES}`,
        ...withCondition(matches, one),
      ]);
      if (hasFailed(result)) return { status: "failed", result };
      const seen = valuesIn(result.stdout, field).filter((value) => left.delete(value));
      if (seen.length === 0) break;
      for (const value of seen) found.add(value);
    }
  }
  return { status: "known", values: values.filter((value) => found.has(value)) };
};

/** Arguments of a process have a limit; each value is one. */
const MOST_VALUES = 500;
const MOST_LINES = 500;

/** Matches with a condition in each of their alternatives: `condition` is one or more values of one field. */
export const withCondition = (
  matches: readonly string[],
  condition: readonly string[],
): readonly string[] => {
  const conditioned: string[] = [];
  for (const match of matches) conditioned.push(...(match === "+" ? [...condition, "+"] : [match]));
  return [...conditioned, ...condition];
};

/**
 * Whether journalctl could not answer. That nothing matches is an answer: exit status 1 without a word, or with "no data" (252 to 262);
 * those are also its words for a file that is cut off. Without an exit status it was killed, or could not be started at all.
 */
export const hasFailed = ({ exitCode, failure, stderr }: CommandEnd): boolean =>
  failure !== undefined ||
  exitCode === null ||
  (exitCode !== 0 &&
    stderr.trim() !== "" &&
    (!stderr.includes("No data available") || stderr.includes("Failed to open")));

/** The values of a field in lines of `-o json`; of a repeated field each. */
export const valuesIn = (stdout: string, field: string): readonly string[] =>
  stdout.split("\n").flatMap((line) => {
    const entry = v.safeParse(ENTRY, line);
    const value = entry.success ? entry.output[field] : undefined;
    return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
  });

const ENTRY = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()));
