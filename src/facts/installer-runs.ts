import type {
  Installation,
  InstallerEvent,
  InstallerKind,
  InstallerWord,
  SecretRoot,
} from "../evidence/installation.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { HostPath, Micros } from "../vocabulary.ts";
import { isBelievable, type TimeSources } from "./file-times.ts";

type Kind = InstallerWord["kind"];

/** An event whose word is of this kind. */
export type EventOf<K extends Kind> = InstallerEvent & {
  readonly word: Extract<InstallerWord, { kind: K }>;
};

/** One run of one installer, by what it said. */
interface Run {
  readonly installer: InstallerKind | undefined;
  readonly events: readonly InstallerEvent[];
}

const SECOND = 1_000_000;
/** A line that names nobody belongs to whoever spoke this shortly before. */
const AT_HAND = 10 * SECOND;
/** An activation says in several lines that it begins; a later beginning is another run. */
const BEGINS = 30 * SECOND;
/** Nobody decrypts for this long without a word. */
const LONGEST_PAUSE = 300 * SECOND;
/** agenix links a generation in the run that fails, seconds after its words; one that is this much newer comes from a later run. */
const ONE_RUN = 60 * SECOND;

/**
 * What installers said in their newest runs, where nothing has closed it since: neither the end of that run with success, nor a later
 * run, nor a generation that was made afterwards. A switch logs nothing, so the generation is often the only trace of it.
 */
export const openWords = <K extends Kind>(
  installation: Installation,
  kind: K,
  times: TimeSources,
): readonly EventOf<K>[] =>
  newestRuns(installation).flatMap(({ installer, events }) => {
    const done = events.findLastIndex(({ word }) => word.kind === "finished");
    return ofKind(events.slice(done + 1), kind).filter(
      ({ time }) => !isReplaced(installation, installer, time, times),
    );
  });

export const ofKind = <K extends Kind>(
  events: readonly InstallerEvent[],
  kind: K,
): readonly EventOf<K>[] => events.filter((event): event is EventOf<K> => event.word.kind === kind);

/** What installers said in their newest runs, whatever a silent run has repaired since. */
export const lastWords = <K extends Kind>(
  installation: Installation,
  kind: K,
): readonly (EventOf<K> & { readonly speaker: InstallerKind | undefined })[] =>
  newestRuns(installation).flatMap(({ installer, events }) =>
    ofKind(events, kind).map((event) => ({ ...event, speaker: installer })),
  );

const newestRuns = ({ events }: Installation): readonly Run[] => {
  const newest = new Map<InstallerKind | undefined, Run>();
  for (const run of runsOf(events)) newest.set(run.installer, run);
  return [...newest.values()];
};

const runsOf = (events: readonly InstallerEvent[]): readonly Run[] => {
  const open = new Map<InstallerKind | undefined, InstallerEvent[]>();
  const runs: { installer: InstallerKind | undefined; events: InstallerEvent[] }[] = [];
  let previous: InstallerEvent | undefined;
  let speaker: InstallerKind | undefined;
  for (const event of events) {
    speaker =
      event.installer ??
      (previous !== undefined && follows(previous, event, AT_HAND) ? speaker : undefined);
    const current = open.get(speaker);
    const last = current?.at(-1);
    if (current === undefined || last === undefined || beginsRun(last, event)) {
      const fresh = [event];
      open.set(speaker, fresh);
      runs.push({ installer: speaker, events: fresh });
    } else current.push(event);
    previous = event;
  }
  return runs;
};

const follows = (last: InstallerEvent, event: InstallerEvent, within: number): boolean =>
  last.boot === event.boot && event.time - last.time <= within;

const beginsRun = (last: InstallerEvent, event: InstallerEvent): boolean => {
  if (!follows(last, event, LONGEST_PAUSE)) return true;
  if (event.word.kind !== "started") return false;
  return (
    last.word.kind === "finished" || last.word.kind === "failed" || !follows(last, event, BEGINS)
  );
};

const isReplaced = (
  { roots }: Installation,
  installer: InstallerKind | undefined,
  time: Micros,
  times: TimeSources,
): boolean =>
  roots.some((root) => {
    if (installer !== undefined && root.installer !== installer) return false;
    const made = generationOf(root)?.stat?.mtime;
    return made !== undefined && made > time + ONE_RUN && isBelievable(made, times);
  });

/** The generation that a root's link leads to. */
const generationOf = ({ generations, current }: SecretRoot): FileRef | undefined =>
  generations.find(({ number }) => number === current)?.ref;

/** The installer's place that a path lies in. */
export const rootOf = ({ roots }: Installation, path: HostPath): SecretRoot | undefined =>
  roots.find((root) => path === root.path || path.startsWith(`${root.path}/`));

/** The secret that the host installs at this path. */
export const declaredAt = (
  { declared }: Installation,
  path: HostPath,
): Installation["declared"][number] | undefined =>
  declared.find((secret) => secret.path === path || secret.stored === path);

/** Who installs what lies at a path: by its declaration, else by the place. */
export const installerOf = (
  installation: Installation,
  path: HostPath,
): InstallerKind | undefined =>
  declaredAt(installation, path)?.installer ?? rootOf(installation, path)?.installer;

/** When a run that makes this path went through after `time`: its own word, or the link of its place. */
export const installedAfter = (
  installation: Installation,
  path: HostPath,
  time: Micros,
  times: TimeSources,
): Micros | undefined => {
  const installer = installerOf(installation, path);
  if (installer === undefined) return undefined;
  const root =
    rootOf(installation, path) ??
    rootOf(installation, declaredAt(installation, path)?.stored ?? path);
  const moments = [
    ...installation.events
      .filter(({ word, installer: own }) => word.kind === "finished" && own === installer)
      .map((event) => event.time),
    ...(root?.state === "linked" && root.ref.stat !== undefined ? [root.ref.stat.mtime] : []),
  ].filter((moment) => moment > time && isBelievable(moment, times));
  return moments.length === 0 ? undefined : moments.reduce((a, b) => (a < b ? a : b));
};

/** sops-nix writes its imported keys at the beginning of each run, and the generation's directory after it decrypted everything. */
const SLACK = SECOND;

/** The traces of a run of sops-nix that ended between its keys and its generation: where it decrypts. */
export interface BrokenRun {
  readonly root: SecretRoot;
  readonly keys: FileRef;
  readonly generation: FileRef;
}

/**
 * A run without words, known from what it left. One that wrote the next generation and did not link it was a dry activation, or ended
 * later than in decryption, and shows nothing (sops-nix pkgs/sops-install-secrets/main.go at 56b2406, `installSecrets`).
 */
export const brokenRun = ({ roots }: Installation, times: TimeSources): BrokenRun | undefined => {
  for (const root of roots) {
    const generation = generationOf(root);
    const keys = root.keysImported;
    const [ran, made] = [keys?.stat?.mtime, generation?.stat?.mtime];
    const isUnlinked = root.generations.some(({ number }) => number > (root.current ?? 0));
    if (keys === undefined || generation === undefined || isUnlinked) continue;
    if (ran === undefined || made === undefined || !isBelievable(ran, times)) continue;
    if (ran > made + SLACK) return { root, keys, generation };
  }
  return undefined;
};
