import type { HostJournal } from "../evidence/journal.ts";
import type { PathComponent, PathWalk } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { FileStat } from "../evidence/reference.ts";
import type { Micros } from "../vocabulary.ts";

/** A host's files that are looked at in place have times of their own; those of a copy are the copy's, and later than its journal. */
export interface TimeSources {
  readonly unit?: VmUnit;
  readonly hostJournal?: HostJournal;
}

const isBelievable = (time: Micros, { unit, hostJournal }: TimeSources): boolean =>
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
  return born > time;
};
