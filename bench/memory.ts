/** How much memory mvdoctor takes for a journal, and whether it still finds the one start of all that went well. */
import { checkedLook, isSuccessFound } from "./answers.ts";
import { median } from "./measure.ts";
import type { Reading } from "./commands.ts";
import { within } from "./reading.ts";
import { atMost, type Effort, type Goal, type Section, yesOrNo } from "./section.ts";

const JOURNALS = ["10k-of-10k", "100k-of-100k", "1m-of-1m"];
const COMMANDS = ["diagnose", "timeline"] as const;

const MOST_MEGABYTES = 150;
const MOST_GROWTH = 1.2;

export const remembering = async (effort: Effort): Promise<Section> => {
  const journals = within(JOURNALS, effort);
  const peaks: { command: Reading; journal: string; megabytes: number }[] = [];
  for (const command of COMMANDS)
    for (const journal of journals)
      peaks.push({ command, journal, megabytes: await peakOf(command, journal, effort.runs) });
  const largest = journals.at(-1);
  return {
    title: "Memory",
    text: "What mvdoctor's own process has at most, without journalctl.",
    head: ["command", "journal", "peak"],
    rows: peaks.map(({ command, journal, megabytes }) => [
      command,
      journal,
      `${Math.round(megabytes)} MB`,
    ]),
    goals: [
      ...COMMANDS.flatMap((command) =>
        goalsOf(
          command,
          peaks.filter((peak) => peak.command === command),
        ),
      ),
      ...(largest === undefined
        ? []
        : [yesOrNo(`one success in ${largest} is found`, await isSuccessFound(largest))]),
    ],
  };
};

/** The most memory that a command takes for a journal, in megabytes. */
export const peakOf = async (command: Reading, journal: string, runs: number): Promise<number> => {
  const peaks: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const { megabytes } = await checkedLook(command, journal);
    peaks.push(megabytes);
    console.error(`run ${run} of ${runs}: ${journal}: ${command}: ${Math.round(megabytes)} MB`);
  }
  return median(peaks);
};

const goalsOf = (
  command: Reading,
  peaks: readonly { readonly journal: string; readonly megabytes: number }[],
): readonly Goal[] => {
  const [least, most] = [peaks[0], peaks.at(-1)];
  if (least === undefined || most === undefined) return [];
  return [
    atMost(`${command} of ${most.journal}, peak`, most.megabytes, MOST_MEGABYTES, "MB"),
    ...(least === most
      ? []
      : [
          atMost(
            `${command} of ${most.journal}, peak, of that of ${least.journal}`,
            most.megabytes / least.megabytes,
            MOST_GROWTH,
          ),
        ]),
  ];
};
