/** Runs programs in turns and takes medians: a busy moment of the machine meets all of them. */
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

/** One thing to run: a program with its arguments. */
export interface Subject {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Exit statuses that are an answer, 0 unless told. */
  readonly answers?: readonly number[];
}

/** The medians of all runs of a subject. */
export interface Cost {
  readonly seconds: number;
  /** Time on a processor, of the program and all that it started. */
  readonly cpuSeconds: number;
}

/** bash counts what a program and its children used of the processors; Node cannot ask for it. */
const TIMED = `TIMEFORMAT='%R %U %S'; exec 3>&2; { time "$@" >/dev/null 2>/dev/null; } 2>&3`;

/** What a subject of this name costs; throws for a name that was not measured. */
export type Costs = (name: string) => Cost;

/** Runs each subject once a turn, with what it prints thrown away, and says on stderr how far it is. */
export const inTurns = async (subjects: readonly Subject[], runs: number): Promise<Costs> => {
  const costs = new Map<string, Cost[]>(subjects.map(({ name }) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const subject of subjects) {
      const cost = await once(subject);
      costs.get(subject.name)?.push(cost);
      console.error(`run ${run} of ${runs}: ${subject.name}: ${cost.seconds.toFixed(2)} s`);
    }
  }
  return (name) => {
    const all = costs.get(name) ?? [];
    return {
      seconds: median(all.map(({ seconds }) => seconds)),
      cpuSeconds: median(all.map(({ cpuSeconds }) => cpuSeconds)),
    };
  };
};

const once = async ({ name, argv, answers = [0] }: Subject): Promise<Cost> => {
  const { exitCode, stderr } = await execa("bash", ["-c", TIMED, "bash", ...argv], {
    stdin: "ignore",
    reject: false,
    env: ENVIRONMENT,
  });
  const [seconds, user, system] = stderr.trim().split(/\s+/u).map(Number);
  if (
    exitCode === undefined ||
    !answers.includes(exitCode) ||
    seconds === undefined ||
    user === undefined ||
    system === undefined
  )
    throw new Error(`${name} ended with ${exitCode}: ${argv.join(" ")}`);
  return { seconds, cpuSeconds: user + system };
};

export const isInstalled = async (program: string): Promise<boolean> =>
  (await execa("bash", ["-c", 'type -P "$1"', "bash", program], { reject: false })).exitCode === 0;

/** The same words and the same zone on every machine. */
const ENVIRONMENT = { LC_ALL: "C.UTF-8", TZ: "UTC", NO_COLOR: "1" };

export const median = (values: readonly number[]): number => {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new RangeError("there is no median of nothing");
  return middle;
};

/** Two programs with a pipe between them. */
export const piped = (
  first: readonly [string, ...string[]],
  second: readonly [string, ...string[]],
): Subject["argv"] => [
  "bash",
  "-c",
  `set -o pipefail; "\${@:2:$1}" | "\${@:2+$1}"`,
  "bash",
  String(first.length),
  ...first,
  ...second,
];

const BIN = join(import.meta.dirname, "../dist/bin.js");
const OWN_PEAK = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from "node:fs";
  process.on("exit", () => {
    const { kilobytes } = /^VmHWM:\\s+(?<kilobytes>\\d+) kB$/mu.exec(readFileSync("/proc/self/status", "utf8")).groups;
    writeFileSync(process.env.MVDOCTOR_BENCH_PEAK, kilobytes);
  });
`)}`;

/** mvdoctor as it was built; 1 is "found something", 3 "could not look at everything". */
export const mvdoctor = (...args: readonly string[]): Omit<Subject, "name"> => ({
  argv: [process.execPath, BIN, ...args],
  answers: [0, 1, 3],
});

interface Looked {
  readonly stdout: string;
  /** The most memory that mvdoctor's own process had, without its children, in megabytes (10^6 bytes). */
  readonly megabytes: number;
}

/** Runs mvdoctor once for what it answers and how much memory that takes. */
export const look = async (...args: readonly string[]): Promise<Looked> => {
  const { argv, answers = [0] } = mvdoctor(...args);
  const [node, ...rest] = argv;
  await using scratch = await mkdtempDisposable(join(tmpdir(), "mvdoctor-bench-"));
  const peak = join(scratch.path, "peak");
  const { exitCode, stdout, stderr } = await execa(node, ["--import", OWN_PEAK, ...rest], {
    reject: false,
    env: { ...ENVIRONMENT, MVDOCTOR_BENCH_PEAK: peak },
  });
  if (exitCode === undefined || !answers.includes(exitCode))
    throw new Error(`mvdoctor ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
  return { stdout, megabytes: (Number(await readFile(peak, "utf8")) * 1024) / 1e6 };
};
