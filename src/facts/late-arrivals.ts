import type { Installation } from "../evidence/installation.ts";
import type { HostJournal } from "../evidence/journal.ts";
import type { OtherUnits } from "../evidence/other-units.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import type { HostPath, Micros } from "../vocabulary.ts";
import type { History } from "./history.ts";
import { noKeyWords } from "./decryption.ts";
import { installedAfter, ofKind } from "./installer-runs.ts";
import { appearedAt, type WantedFile } from "./wanted-files.ts";

/** Something that came after somebody had looked for it. */
export interface LateArrival {
  readonly path: HostPath;
  readonly missedAt: Micros;
  readonly cameAt?: Micros;
  readonly evidence: readonly EvidenceRef[];
  /** It is a matter of order within a boot or a switch, and so comes back. */
  readonly isRace: boolean;
}

export interface LateInput {
  readonly wanted: WantedFile;
  readonly installation: Installation | undefined;
  readonly otherUnits: OtherUnits | undefined;
  readonly hostJournal: HostJournal | undefined;
  readonly history: History | undefined;
  /** Units that the VM waits for. */
  readonly needs: readonly string[];
}

/** A file that a start missed and that is there now. */
export const lateFile = (input: LateInput): LateArrival | undefined => {
  const { wanted, installation, otherUnits } = input;
  const miss = wanted.misses.at(-1);
  if (wanted.walk?.end !== "present" || miss === undefined) return undefined;
  const cameAt = laterThan(miss.first.time, [
    appearedAt(wanted),
    installation === undefined
      ? undefined
      : installedAfter(installation, wanted.path, miss.first.time),
    ...(otherUnits?.units ?? [])
      .filter(
        ({ makes, mountPoint }) => makes.includes(wanted.path) || isBelow(wanted.path, mountPoint),
      )
      .flatMap(({ starts }) => starts.map((start) => start.last.time)),
  ]);
  // Without ENOENT only a later arrival shows that it was missing.
  if (cameAt === undefined) return undefined;
  return {
    path: wanted.path,
    missedAt: miss.first.time,
    cameAt,
    evidence: [miss.first, wanted.walk.ref, ...installerWord(installation, miss.first.time)],
    isRace: isRace(input, miss.first.time, cameAt),
  };
};

/** A key that the installer missed and that is there now, or whose file system was mounted afterwards. */
export const lateKey = ({
  installation,
  otherUnits,
}: Pick<LateInput, "installation" | "otherUnits">): LateArrival | undefined => {
  if (installation === undefined) return undefined;
  const word = noKeyWords(installation).at(-1);
  if (word === undefined) return undefined;
  for (const { path, ref } of installation.keys) {
    if (ref.stat === undefined) continue;
    const mounted = (otherUnits?.units ?? [])
      .filter(({ mountPoint }) => isBelow(path, mountPoint))
      .flatMap(({ starts }) => starts)
      .find(({ first }) => first.time > word.time);
    const cameAt = mounted?.first.time ?? laterThan(word.time, [ref.stat.mtime, ref.stat.birth]);
    if (cameAt === undefined) continue;
    return {
      path,
      missedAt: word.time,
      cameAt,
      evidence: [
        word.ref,
        ref,
        ...(mounted === undefined ? [] : [mounted.started ?? mounted.first]),
      ],
      isRace: true,
    };
  }
  return undefined;
};

const isBelow = (path: HostPath, directory: HostPath | undefined): boolean =>
  directory !== undefined && path.startsWith(`${directory}/`);

const laterThan = (time: Micros, moments: readonly (Micros | undefined)[]): Micros | undefined => {
  const later = moments.filter((moment): moment is Micros => moment !== undefined && moment > time);
  return later.length === 0 ? undefined : later.reduce((a, b) => (a < b ? a : b));
};

const installerWord = (
  installation: Installation | undefined,
  time: Micros,
): readonly EvidenceRef[] =>
  ofKind(installation?.events ?? [], "finished")
    .filter((event) => event.time > time)
    .slice(0, 1)
    .map(({ ref }) => ref);

const MINUTE = 60_000_000;
/** An installer, a mount or a producer ends within this time after its boot or switch began. */
const WITHIN = 10 * MINUTE;

/**
 * The miss and the arrival belong to one boot or one switch, with nothing that orders them: then the next one may go the same way.
 * What a later switch brings was simply not there before.
 */
const isRace = (
  { hostJournal, history, installation, otherUnits, needs, wanted }: LateInput,
  missedAt: Micros,
  cameAt: Micros,
): boolean => {
  const makers = (otherUnits?.units ?? [])
    .filter(
      ({ makes, mountPoint, starts }) =>
        starts.length > 0 && (makes.includes(wanted.path) || isBelow(wanted.path, mountPoint)),
    )
    .map(({ name }) => name as string);
  const installers = (otherUnits?.units ?? [])
    .filter(({ name }) => /sops|agenix/u.test(name))
    .map(({ name }) => name as string);
  if ([...makers, ...installers].some((name) => needs.includes(name))) return false;
  const switches = (history?.changes ?? []).filter(({ kind }) => kind === "switch");
  const between = switches.find(({ time }) => time > missedAt && time <= cameAt);
  const failedAtBoot = (installation?.events ?? []).some(
    ({ word, time }) => (word.kind === "no-key" || word.kind === "failed") && time < missedAt,
  );
  if (between !== undefined) return failedAtBoot;
  const boot = hostJournal?.boots.findLast(({ first }) => first <= missedAt);
  const began = [
    ...(boot === undefined ? [] : [boot.first]),
    ...switches.filter(({ time }) => time <= missedAt).map(({ time }) => time),
  ].reduce<number>((a, b) => Math.max(a, b), 0);
  return cameAt - missedAt <= WITHIN && missedAt - began <= WITHIN;
};
