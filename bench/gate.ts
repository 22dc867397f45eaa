/** What must not grow: small measurements against limits that leave room for noise. CI asks for it. */
import { isSuccessFound } from "./answers.ts";
import { replayOf } from "./bundle.ts";
import { warmed } from "./cache.ts";
import { journalDirectory } from "./journals.ts";
import { type Cost, inTurns, mvdoctor } from "./measure.ts";
import { peakOf } from "./memory.ts";
import { type Reading, reading } from "./commands.ts";
import { jsonOfVm } from "./reading.ts";
import { atMost } from "./section.ts";
import { NODE } from "./start-up.ts";

interface Limit {
  readonly says: string;
  readonly most: number;
  readonly unit?: string;
  /** What must not be more, from the medians of so many runs. */
  readonly measure: (runs: number) => Promise<number>;
}

/**
 * Times are those of processors, of all processes together, because another program that runs beside a test makes it wait and not work.
 * Each limit is a half more than what was measured when it was set, or a goal of docs/benchmarks.md.
 */
export const LIMITS: readonly Limit[] = [
  {
    says: "mvdoctor --version, of node -e 0",
    most: 3,
    measure: async (runs) => {
      const subjects = [NODE, { name: "own", ...mvdoctor("--version") }];
      const costs = await inTurns(subjects, runs * 5);
      return ratio(costs("own"), costs(NODE.name));
    },
  },
  {
    says: "diagnose of 10k-of-100k, of journalctl -o json with the same matches",
    most: 3.2,
    measure: (runs) => ofJson("diagnose", "10k-of-100k", runs),
  },
  {
    says: "diagnose of 100k-of-100k, of journalctl -o json with the same matches",
    most: 1.4,
    measure: (runs) => ofJson("diagnose", "100k-of-100k", runs),
  },
  {
    says: "timeline of 100k-of-100k, of journalctl -o json with the same matches",
    most: 1.4,
    measure: (runs) => ofJson("timeline", "100k-of-100k", runs),
  },
  {
    says: "diagnose of 100k-of-100k, peak of its own memory",
    most: 200,
    unit: "MB",
    measure: (runs) => peakOf("diagnose", "100k-of-100k", runs),
  },
  {
    says: "diagnose of a bundle of 10k-of-100k, of live",
    most: 0.95,
    measure: async (runs) => {
      const { live, replay } = await replayOf("10k-of-100k", runs);
      return ratio(replay, live);
    },
  },
  {
    says: "diagnose of 10k-of-100k, one success in it that is missed",
    most: 0,
    unit: "times",
    measure: async () => ((await isSuccessFound("10k-of-100k")) ? 0 : 1),
  },
];

const ratio = (own: Cost, other: Cost): number => own.cpuSeconds / other.cpuSeconds;

const ofJson = async (command: Reading, journal: string, runs: number): Promise<number> => {
  const dir = await warmed(await journalDirectory(journal));
  const own = { name: command, ...mvdoctor(...reading(command, dir)) };
  const json = jsonOfVm(dir);
  const costs = await inTurns([own, json], runs);
  return ratio(costs(own.name), costs(json.name));
};

/** Runs for each try: one tells that all is well; what seems too much is looked at more closely before anybody hears of it. */
const TRIES = [1, 3, 5];

/** Whether limits hold: says of each what was measured, and what is allowed. */
export const limitsHold = async (
  limits: readonly Limit[],
  say: (sentence: string) => void,
): Promise<boolean> => {
  let isWell = true;
  for (const limit of limits) {
    const [says, isKept] = await tryLimit(limit);
    say(says);
    isWell &&= isKept;
  }
  return isWell;
};

const tryLimit = async ({
  says,
  most,
  unit,
  measure,
}: Limit): Promise<readonly [says: string, isKept: boolean]> => {
  let least = Number.POSITIVE_INFINITY;
  for (const runs of TRIES) {
    least = Math.min(least, await measure(runs));
    if (least <= most) break;
  }
  const { measured, allowed, isReached } = atMost(says, least, most, unit);
  return [
    isReached
      ? `holds: ${says}: ${measured}, at most ${allowed}`
      : `TOO MUCH: ${says}: ${measured} in the best of ${TRIES.length} tries, and ${allowed} is allowed`,
    isReached,
  ];
};
