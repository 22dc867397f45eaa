import type { HostJournal } from "../evidence/journal.ts";
import type { PathComponent, PathWalk } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { FileStat } from "../evidence/reference.ts";
import type { Micros } from "../vocabulary.ts";

/** A host's files that are looked at in place have times of their own; those of a copy are the copy's, and later than its journal. */
export interface TimeSources {
  readonly unit?: VmUnit | undefined;
  readonly hostJournal?: HostJournal | undefined;
}

/** A copy of a host's files often gives them the time of the copying: nothing on the host itself is newer than its journal. */
export const isBelievable = (time: Micros, { unit, hostJournal }: TimeSources): boolean =>
  unit?.live !== undefined || (hostJournal?.last !== undefined && time <= hostJournal.last);

/** A file system changes ctime with every change of mtime: an mtime that is newer was set by hand, as for a copy. */
const isOwnTime = ({ ctime, mtime }: FileStat, sources: TimeSources): boolean =>
  ctime >= mtime && isBelievable(ctime, sources);

/** Directories in which files come and go all the time: their change says nothing about a mode. */
const BUSY = /^\/(?:run|tmp|var(?:\/(?:tmp|lib))?|etc)?$/u;

/**
 * Whether the file or a directory on its way was changed after `time`, by the change times (inode(7), ctime). `unknown` where these are
 * not the host's own. A group that the reader joined since does not show.
 */
export const changeAfter = (
  walk: PathWalk,
  time: Micros,
  sources: TimeSources,
):
  | { readonly status: "changed"; readonly component: PathComponent }
  | { readonly status: "unchanged" | "unknown" } => {
  const candidates = walk.components
    .filter(({ path, stat }) => stat.type !== "symlink" && !BUSY.test(path))
    .toReversed();
  const component = candidates.find(({ stat }) => stat.ctime > time && isOwnTime(stat, sources));
  if (component !== undefined) return { status: "changed", component };
  return candidates.some(({ stat }) => !isOwnTime(stat, sources))
    ? { status: "unknown" }
    : { status: "unchanged" };
};

/** The file was not there yet at `time`, by its birth time where the file system keeps one, else by its last writing. */
export const madeAfter = (walk: PathWalk, time: Micros, sources: TimeSources): boolean => {
  const stat = walk.file?.stat;
  if (stat === undefined) return false;
  const born = stat.birth !== undefined && isOwnTime(stat, sources) ? stat.birth : stat.mtime;
  return born > time && isBelievable(born, sources);
};

/**
 * The times of what the path leads through tell nothing: later than the journal's end, one and the same for all of it, or, below /run,
 * which is made anew at each boot, older than a boot whose beginning the journal holds.
 */
export const hasNoTimes = ({ components, file }: PathWalk, sources: TimeSources): boolean => {
  if (sources.unit?.live !== undefined || file === undefined) return false;
  const times = components.map(({ stat }) => stat.mtime);
  const isOlderThanRun =
    file.path.startsWith("/run/") && file.stat.mtime + BOOTING < (bootOf(sources) ?? 0);
  return (
    !isBelievable(file.stat.mtime, sources) ||
    times.every((time) => time === times[0]) ||
    isOlderThanRun
  );
};

const MINUTE = 60_000_000;
/** What the initrd makes is older than the first line of the journal by no more than this. */
const BOOTING = 10 * MINUTE;

const bootOf = ({ hostJournal }: TimeSources): Micros | undefined =>
  hostJournal?.boots.at(-1)?.first;
