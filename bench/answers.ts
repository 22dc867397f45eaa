/** Whether mvdoctor answered what the journals are known to hold: a program that gave up is no fast one. */
import * as v from "valibot";

import { LOOP_BEGIN, loopEnd, PERIOD, roundsOf } from "./crash-loop.ts";
import { journalDirectory, journalPlan } from "./journals.ts";
import { look } from "./measure.ts";
import { type Reading, reading } from "./commands.ts";

/** Runs a command once and throws unless it saw the loop from its first round to its last. Gives what that took, and what it printed. */
export const checkedLook = async (command: Reading, journal: string): ReturnType<typeof look> => {
  const looked = await look(...reading(command, await journalDirectory(journal)));
  const relevant = journalPlan(journal)?.relevant ?? 0;
  const { phases } = parsed(loopSeen, looked.stdout).vms[0];
  const starts = phases.reduce((sum, { invocations = 0 }) => sum + invocations, 0);
  const begin = Date.parse(phases[0]?.start ?? "") * 1000;
  const end = Date.parse(phases.at(-1)?.end ?? "") * 1000;
  const isWhole =
    begin < LOOP_BEGIN + PERIOD &&
    end >= loopEnd(relevant) - PERIOD &&
    (command === "timeline" || starts === roundsOf(relevant));
  if (!isWhole)
    throw new Error(
      `${command} of ${journal} saw ${starts} starts of ${roundsOf(relevant)}, from ${phases[0]?.start} to ${phases.at(-1)?.end}`,
    );
  return looked;
};

const loopSeen = v.object({
  vms: v.tuple([
    v.object({
      phases: v.array(
        v.object({
          start: v.string(),
          end: v.nullish(v.string()),
          invocations: v.optional(v.number()),
        }),
      ),
    }),
  ]),
});

/** Whether diagnose says that a secret reached the guest where the journal has one such start, and that none did where it has none. */
export const isSuccessFound = async (journal: string): Promise<boolean> =>
  (await everWorked(journal)) === "no" && (await everWorked(`${journal}+success`)) === "yes";

const everWorked = async (journal: string): Promise<string> => {
  const { stdout } = await look(...reading("diagnose", await journalDirectory(journal)));
  return parsed(verdict, stdout).vms[0].everWorked.answer;
};

const verdict = v.object({
  vms: v.tuple([v.object({ everWorked: v.object({ answer: v.string() }) })]),
});

const parsed = <const Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> => v.parse(v.pipe(v.string(), v.parseJson(), schema), text);
