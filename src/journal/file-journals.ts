import type { JournalReader } from "../host/journal-reader.ts";
import type { FileSource } from "../host/journal-sources.ts";
import { localJournal } from "../host/local-journal.ts";
import { hasFailed } from "../host/present-values.ts";
import { areOfClones } from "./cloned-machines.ts";
import { findByHalving, type Halved, type Said } from "./halving.ts";
import { machinesIn, UNKNOWN_MACHINE } from "./machines.ts";

/** The sources with entries of one machine. */
export interface JournalOfMachines {
  readonly machineId: string;
  readonly sources: readonly FileSource[];
  /** One of them holds entries of other machines too. */
  readonly isShared: boolean;
}

export interface FileJournals {
  readonly journals: readonly JournalOfMachines[];
  /** Which files could not be read, and why. */
  readonly complaints: readonly string[];
}

/** What answers from sources together. */
export const readerOfSources = (sources: readonly FileSource[]): JournalReader =>
  localJournal(async () => (await Promise.all(sources.map((source) => source.files()))).flat());

/**
 * The machines with an entry that matches, each with all sources that hold entries of it. The work grows with the machines that are found, not
 * with the sources: many of them are asked with one question.
 */
export const fileJournals = async (
  sources: readonly FileSource[],
  matches: readonly string[],
): Promise<FileJournals> => {
  const complaints = new Set<string>();
  const holding = await sourcesWith(sources, matches, complaints);
  const machines = new Map<string, FileSource[]>();
  const shared = new Set<FileSource>();
  for (const source of holding) {
    const read = await machinesIn(readerOfSources([source]), matches);
    if (read.complaint !== undefined) complaints.add(`${source.name}: ${read.complaint}`);
    if (read.isShared) shared.add(source);
    for (const machine of read.machines) {
      const key = machine === UNKNOWN_MACHINE ? `${machine} ${source.name}` : machine;
      machines.set(key, [...(machines.get(key) ?? []), source]);
    }
  }
  // A host that changed its address or its name is received under another name: what was before belongs to it.
  const ids = [...machines.keys()].filter((key) => !key.startsWith(UNKNOWN_MACHINE));
  const rest = matches.length === 0 ? [] : withoutNames(sources, holding);
  const others = ids.length === 0 ? [] : await sourcesWith(rest, ids.map(machineMatch), complaints);
  for (const source of [...others, ...shared]) {
    const read = await machinesIn(readerOfSources([source]), []);
    if (read.isShared) shared.add(source);
    for (const machine of read.machines) {
      const known = machines.get(machine);
      if (known !== undefined && !known.includes(source)) known.push(source);
    }
  }
  const journals: JournalOfMachines[] = [];
  for (const [key, own] of machines) {
    const machineId = key.startsWith(UNKNOWN_MACHINE) ? UNKNOWN_MACHINE : key;
    const isShared = own.some((source) => shared.has(source));
    const groups = isShared ? [own] : await byHost(own);
    if (groups.length > 1) {
      const places = own.map(({ name }) => name).join(" and ");
      complaints.add(`several hosts have the machine id ${machineId}: ${places} are read apart`);
    }
    journals.push(...groups.map((group) => ({ machineId, sources: group, isShared })));
  }
  return { journals, complaints: [...complaints] };
};

/** The sources of one machine id: together, or each alone where clones have it. */
const byHost = async (
  sources: readonly FileSource[],
): Promise<readonly (readonly FileSource[])[]> => {
  const apart = sources.map((source) => [source]);
  const areClones = apart.length > 1 && (await areOfClones(apart.map(readerOfSources)));
  return areClones ? apart : [sources];
};

/** So many sources are asked together at most: each of their files is an argument of one process. */
const MOST_SOURCES = 256;

/** The sources with an entry that matches. A file that cannot be read is left out of its source, and is complained about. */
const sourcesWith = async (
  sources: readonly FileSource[],
  matches: readonly string[],
  complaints: Set<string>,
): Promise<readonly FileSource[]> => {
  const ask = async (some: readonly FileSource[]): Promise<Said> =>
    saidBy(readerOfSources(some), matches);
  const { wanted, failed } =
    matches.length === 0
      ? await readable(sources, ask)
      : await findByHalving(sources, ask, MOST_SOURCES);
  const mended: FileSource[] = [];
  for (const source of failed) {
    const whole = await withoutDamage(source, complaints);
    if ((await ask([whole])) === "some") mended.push(whole);
  }
  return [...wanted, ...mended];
};

/** Without matches every source is wanted, and only those that fail are looked for. */
const readable = async (
  sources: readonly FileSource[],
  ask: (some: readonly FileSource[]) => Promise<Said>,
): Promise<Halved<FileSource>> => {
  const isBroken = async (some: readonly FileSource[]): Promise<Said> =>
    (await ask(some)) === "failed" ? "failed" : "none";
  const { failed } = await findByHalving(sources, isBroken, MOST_SOURCES);
  return { wanted: withoutNames(sources, failed), failed };
};

const saidBy = async (journal: JournalReader, matches: readonly string[]): Promise<Said> => {
  const result = await journal.run(["--output=json", "--lines=1", ...matches]);
  if (hasFailed(result)) return "failed";
  return result.stdout === "" ? "none" : "some";
};

/** One file that cannot be opened makes journalctl refuse all that are named with it, and it does not say which. */
const withoutDamage = async (source: FileSource, complaints: Set<string>): Promise<FileSource> => {
  const damaged = new Set<string>();
  for (const file of await source.files()) {
    const result = await localJournal(async () => [file]).run(["--output=json", "--lines=0"]);
    if (!hasFailed(result)) continue;
    damaged.add(file);
    complaints.add(`${file} could not be read: ${result.stderr.trim()}`);
  }
  return {
    name: source.name,
    files: async () => (await source.files()).filter((file) => !damaged.has(file)),
  };
};

const withoutNames = (
  sources: readonly FileSource[],
  others: readonly FileSource[],
): readonly FileSource[] => {
  const names = new Set(others.map(({ name }) => name));
  return sources.filter(({ name }) => !names.has(name));
};

const machineMatch = (id: string): string => `_MACHINE_ID=${id}`;
