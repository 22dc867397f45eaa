import { watchLosses, type Loss, type LossWatch } from "../collectors/losses.ts";
import type { SourceName } from "../evidence/coverage.ts";
import type { Gap } from "../evidence/evidence.ts";
import type { Host } from "../host/host.ts";
import type { VmName } from "../vocabulary.ts";

/** Hands a host to collectors, and tells for which source what was lost. */
export interface WatchedSources {
  /** The host for the collector of a source. */
  readonly of: (source: SourceName) => Host;
  /**
   * A gap for each source and reason that `told` does not name yet. Of `untold` sources nothing at all could be collected, and their gap
   * says so.
   */
  readonly gaps: (
    told: readonly Gap[],
    untold?: ReadonlySet<SourceName>,
    vm?: VmName,
  ) => readonly Gap[];
}

/** Whatever a collector makes of an answer that it did not get: it is named as a gap, so that nobody takes it for "there is none". */
export const watchSources = (host: Host): WatchedSources => {
  const watches = new Map<SourceName, LossWatch>();
  return {
    of(source) {
      const watch = watches.get(source) ?? watchLosses(host);
      watches.set(source, watch);
      return watch.host;
    },
    gaps: (told, untold = new Set(), vm) =>
      [...watches]
        .filter(([source]) => !untold.has(source))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([source, { losses }]) => {
          const own = told.filter((gap) => gap.source === source);
          const left = losses().filter((loss) => !isTold(loss, own));
          return together(left).map((group) => gapOf(source, group, vm));
        }),
  };
};

const isPath = ({ what }: Loss): boolean => what.startsWith("/");

const isTold = (loss: Loss, told: readonly Gap[]): boolean =>
  isPath(loss) ? told.some(({ reason }) => reason.includes(loss.what)) : told.length > 0;

type Group = readonly [Loss, ...Loss[]];

/** Losses of one kind for one reason; a path that hides nothing of weight is told apart. */
const together = (losses: readonly Loss[]): readonly Group[] => {
  const groups = new Map<string, [Loss, ...Loss[]]>();
  for (const loss of losses) {
    const key = [isPath(loss), isAside(loss), loss.kind, loss.why].join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [loss]);
    else group.push(loss);
  }
  return [...groups.values()];
};

const gapOf = (source: SourceName, group: Group, vm: VmName | undefined): Gap => {
  const [first, ...more] = group;
  const others = more.length === 0 ? "" : ` and ${more.length} more`;
  return {
    source,
    reason: isPath(first)
      ? `${first.what}${others} could not be looked at: ${first.why}`
      : first.why,
    required: isPath(first) && NEEDED.has(source) && !isAside(first),
    kind: first.kind,
    ...(vm === undefined ? {} : { vm }),
  };
};

/** What says how a VM is started and what of: a part of these that is not seen can hide any fault. */
const NEEDED: ReadonlySet<SourceName> = new Set([
  "state-directory",
  "unit",
  "runner",
  "secret-files",
  "shares",
]);

/** Copies that systemd made, and settings of the kernel. */
const isAside = ({ what }: Loss): boolean => /^\/(?:run\/credentials|proc)(?:\/|$)/u.test(what);
