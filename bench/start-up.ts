/** How long mvdoctor takes to start, next to Node itself. */
import { inTurns, mvdoctor, type Subject } from "./measure.ts";
import { atMostOf, type Effort, seconds, type Section, times } from "./section.ts";

/** A start is short, so many of them are cheap. */
const STARTS_PER_RUN = 5;

export const NODE: Subject = { name: "node -e 0", argv: [process.execPath, "-e", "0"] };
const CASES = [
  { name: "mvdoctor --version", ...mvdoctor("--version"), most: 3 },
  { name: "mvdoctor --help", ...mvdoctor("--help"), most: 4 },
];

export const startUp = async ({ runs }: Effort): Promise<Section> => {
  const costs = await inTurns([NODE, ...CASES], runs * STARTS_PER_RUN);
  const floor = costs(NODE.name).seconds;
  return {
    title: "Start-up",
    text: `The medians are of ${STARTS_PER_RUN} times as many runs as elsewhere.`,
    head: ["command", "wall", "of node"],
    rows: [NODE, ...CASES].map(({ name }) => [
      name,
      seconds(costs(name).seconds),
      times(costs(name).seconds / floor),
    ]),
    goals: CASES.map(({ name, most }) =>
      atMostOf(`${name}, of \`node -e 0\``, costs(name), costs(NODE.name), most),
    ),
  };
};
