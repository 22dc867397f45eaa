/** How long diagnose and timeline take for a journal, next to journalctl and what people read it with. */
import { vmMatches } from "../src/journal/matches.ts";
import { parseVmName } from "../src/vocabulary.ts";
import { checkedLook } from "./answers.ts";
import { warmed } from "./cache.ts";
import { reading, type Reading } from "./commands.ts";
import { VM } from "./crash-loop.ts";
import { journalDirectory, journalPlan } from "./journals.ts";
import { type Costs, inTurns, isInstalled, mvdoctor, piped, type Subject } from "./measure.ts";
import { atMostOf, type Effort, type Goal, seconds, type Section, times } from "./section.ts";

/** From few entries to many, alone and among ten times as many. */
const JOURNALS = ["10k-of-10k", "10k-of-100k", "100k-of-100k", "100k-of-1m", "1m-of-1m"];

/** The journals that are not too large for this effort. */
export const within = (names: readonly string[], { mostEntries }: Effort): readonly string[] =>
  names.filter((name) => (journalPlan(name)?.total ?? Infinity) <= mostEntries);

export const diagnosing = (effort: Effort): Promise<Section> =>
  measureReading("diagnose", effort, allPeers);

export const tellingTime = (effort: Effort): Promise<Section> =>
  measureReading("timeline", effort, async (dir) => [jsonOfVm(dir)]);

const measureReading = async (
  command: Reading,
  effort: Effort,
  peersOf: (dir: string, name: string) => Promise<readonly Subject[]>,
): Promise<Section> => {
  const journals = within(JOURNALS, effort);
  const measured: { journal: string; subjects: readonly Subject[] }[] = [];
  for (const journal of journals) {
    const dir = await warmed(await journalDirectory(journal));
    const subjects = [
      { name: command, ...mvdoctor(...reading(command, dir)) },
      ...(await peersOf(dir, journal)),
    ];
    measured.push({ journal, subjects });
  }
  for (const journal of journals) await checkedLook(command, journal);
  const all = measured.flatMap(({ journal, subjects }) =>
    subjects.map((subject) => ({ ...subject, name: `${journal}: ${subject.name}` })),
  );
  const costs = await inTurns(all, effort.runs);
  return {
    title: `mvdoctor ${command}`,
    text: "`json` is `journalctl -o json` with the matches that mvdoctor asks with.",
    head: ["journal", "command", "wall", "processor", "wall, of json", "processor, of json"],
    rows: measured.flatMap(({ journal, subjects }) =>
      subjects.map(({ name }) => rowOf(journal, name, costs)),
    ),
    goals: goalsOf(command, journals, costs),
  };
};

const JSON_OF_VM = "journalctl -o json";

const rowOf = (journal: string, name: string, costs: Costs): readonly string[] => {
  const own = costs(`${journal}: ${name}`);
  const json = costs(`${journal}: ${JSON_OF_VM}`);
  return [
    journal,
    name,
    seconds(own.seconds),
    seconds(own.cpuSeconds),
    times(own.seconds / json.seconds),
    times(own.cpuSeconds / json.cpuSeconds),
  ];
};

const goalsOf = (command: Reading, journals: readonly string[], costs: Costs): readonly Goal[] => {
  const ofJson = (journal: string, most: number): Goal =>
    atMostOf(
      `${command} of ${journal}, of \`journalctl -o json\``,
      costs(`${journal}: ${command}`),
      costs(`${journal}: ${JSON_OF_VM}`),
      most,
    );
  const has = (...names: readonly string[]): boolean =>
    names.every((name) => journals.includes(name));
  return [
    ...(has("100k-of-1m") ? [ofJson("100k-of-1m", 0.6)] : []),
    ...(has("1m-of-1m") ? [ofJson("1m-of-1m", 0.45)] : []),
    ...(has("100k-of-100k", "100k-of-1m")
      ? [
          atMostOf(
            `${command} of 100k-of-1m, of 100k-of-100k`,
            costs(`100k-of-1m: ${command}`),
            costs(`100k-of-100k: ${command}`),
            1.1,
          ),
        ]
      : []),
  ];
};

/** journalctl on a directory, asked for one output of some entries. */
const journalctl = (dir: string, output: string, matches: readonly string[]) =>
  ["journalctl", "--no-pager", "-D", dir, "-o", output, ...matches] as const;

/** What mvdoctor asks of journalctl for the VM. */
const matchesOfVm = (): readonly string[] => {
  const vm = parseVmName(VM);
  if (vm === undefined) throw new RangeError(`${VM} is no name of a VM`);
  return vmMatches(vm);
};

export const jsonOfVm = (dir: string): Subject => ({
  name: JSON_OF_VM,
  argv: journalctl(dir, "json", matchesOfVm()),
});

const allPeers = async (dir: string, journal: string): Promise<readonly Subject[]> => {
  const { argv: json } = jsonOfVm(dir);
  const plan = journalPlan(journal);
  const peers: readonly Subject[] = [
    jsonOfVm(dir),
    { name: "journalctl -o export", argv: journalctl(dir, "export", matchesOfVm()) },
    ...((await isInstalled("jq"))
      ? [
          {
            name: "journalctl -o json | jq -c .MESSAGE",
            argv: piped(json, ["jq", "-c", ".MESSAGE"]),
          },
        ]
      : []),
    ...((await isInstalled("lnav"))
      ? [{ name: "journalctl -o json | lnav -n", argv: piped(json, ["lnav", "-n"]) }]
      : []),
  ];
  return plan === undefined || plan.relevant === plan.total
    ? peers
    : [...peers, { name: "journalctl -o json, everything", argv: journalctl(dir, "json", []) }];
};
