import type { FileStat } from "../../evidence/reference.ts";
import type { Lookup } from "../host.ts";
import { missedBy, notAnswered } from "./lookup-errors.ts";
import { UNANSWERED, type RemotePrograms } from "./remote-programs.ts";
import { STAT_FORMAT, statsIn } from "./remote-stat.ts";

const SECONDS = 30;
/** Of the arguments of one command, well below what one may have (ARG_MAX is 128 KiB at least). */
const MOST_PATH_BYTES = 96 * 1024;

interface StatLookups {
  /** lstat(2) of a path. */
  readonly lookUp: (path: string) => Promise<Lookup<FileStat>>;
  /** Asks for a path and for all above it. */
  readonly expect: (path: string) => void;
}

interface Waiting {
  readonly path: string;
  readonly answer: (found: Lookup<FileStat>) => void;
}

type Found = ReadonlyMap<string, Lookup<FileStat>>;

/** Looks at files of another host. What is asked in one turn of the event loop is one way there and back, and each path is asked once. */
export const statLookups = (programs: RemotePrograms): StatLookups => {
  const known = new Map<string, Promise<Lookup<FileStat>>>();
  let waiting: Waiting[] = [];

  const flush = (): void => {
    const batches = batchesOf(waiting);
    waiting = [];
    for (const batch of batches) void answerAll(batch);
  };

  const answerAll = async (batch: readonly Waiting[]): Promise<void> => {
    const found = await lookAt(
      programs,
      batch.map(({ path }) => path),
    );
    for (const { path, answer } of batch) answer(found.get(path) ?? UNCLEAR);
  };

  const lookUp = (path: string): Promise<Lookup<FileStat>> => {
    const found = known.get(path);
    if (found !== undefined) return found;
    const { promise, resolve } = Promise.withResolvers<Lookup<FileStat>>();
    known.set(path, promise);
    waiting.push({ path, answer: resolve });
    if (waiting.length === 1) setImmediate(flush);
    return promise;
  };

  const expect = (path: string): void => {
    let above = "";
    void lookUp("/");
    for (const step of path.split("/")) {
      // What follows `..` depends on where the symlinks before it lead.
      if (step === "..") return;
      if (step === "" || step === ".") continue;
      above += `/${step}`;
      void lookUp(above);
    }
  };

  return { lookUp, expect };
};

const batchesOf = (waiting: readonly Waiting[]): readonly (readonly Waiting[])[] => {
  const batches: Waiting[][] = [];
  let room = 0;
  for (const one of waiting) {
    const size = Buffer.byteLength(one.path);
    if (size > room || batches.length === 0) {
      batches.push([]);
      room = MOST_PATH_BYTES;
    }
    batches.at(-1)?.push(one);
    room -= size;
  }
  return batches;
};

/** stat(1) tells of the files that there are and complains of the others in their order; readlink(1) prints the targets in theirs. */
const lookAt = async (programs: RemotePrograms, paths: readonly string[]): Promise<Found> => {
  const [stat = UNANSWERED, readlink = UNANSWERED] = await programs.ask(
    [
      ["stat", STAT_FORMAT, "--", ...paths],
      ["readlink", "--zero", "--", ...paths],
    ],
    { seconds: SECONDS },
  );
  const failure = notAnswered("stat", stat) ?? notAnswered("readlink", readlink);
  if (failure !== undefined) return new Map(paths.map((path) => [path, failure]));

  const stats = statsIn(stat.stdout.toString("utf8"));
  const missing = paths.filter((path) => stats?.has(path) !== true);
  const complaints = stat.stderr.split("\n").filter((line) => line !== "");
  const links = paths.filter((path) => stats?.get(path)?.type === "symlink");
  const targets = readlink.stdout.toString("utf8").split("\0").slice(0, -1);
  if (
    stats === undefined ||
    complaints.length !== missing.length ||
    links.length !== targets.length
  ) {
    // A file changed in between, or a complaint has no line of its own: alone, each question has one answer.
    return paths.length > 1 ? oneByOne(programs, paths) : new Map();
  }
  const targetOf = new Map(links.map((path, index) => [path, targets[index]]));
  return new Map<string, Lookup<FileStat>>([
    ...missing.map((path, index) => [path, missedBy(complaints[index] ?? "")] as const),
    ...[...stats].map(([path, value]) => {
      const target = targetOf.get(path);
      return [
        path,
        { status: "present", value: target === undefined ? value : { ...value, target } },
      ] as const;
    }),
  ]);
};

const oneByOne = async (programs: RemotePrograms, paths: readonly string[]): Promise<Found> => {
  const answers = await Promise.all(paths.map((path) => lookAt(programs, [path])));
  return new Map(answers.flatMap((answer) => [...answer]));
};

const UNCLEAR: Lookup<never> = {
  status: "refused",
  reason: "its host gave no clear answer for it",
};
