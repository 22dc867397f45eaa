import type { Installation } from "../evidence/installation.ts";
import type { HostJournal } from "../evidence/journal.ts";
import type { OtherUnit, OtherUnits } from "../evidence/other-units.ts";
import type { EvidenceRef } from "../evidence/reference.ts";
import type { SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { HostPath, Micros } from "../vocabulary.ts";
import type { History } from "./history.ts";
import { keyNamedBy, noKeyWords } from "./decryption.ts";
import { hasNoTimes, isBelievable } from "./file-times.ts";
import { installedAfter, ofKind } from "./installer-runs.ts";
import { isOrderedAfter } from "./ordering.ts";
import { viewOf } from "./sandbox.ts";
import { appearedAt, type Miss, type WantedFile } from "./wanted-files.ts";

/** Something that came after somebody had looked for it. */
export interface LateArrival {
  readonly path: HostPath;
  readonly missedAt: Micros;
  readonly cameAt?: Micros;
  /** The file system that it came with. */
  readonly mountPoint?: HostPath;
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
  readonly unit: VmUnit | undefined;
  readonly secretFiles: SecretFiles;
}

/** A file that a start missed and that is there now. */
export const lateFile = (input: LateInput): LateArrival | undefined => {
  const { wanted, installation, otherUnits, history } = input;
  const miss = wanted.misses.at(-1);
  if (wanted.walk?.end !== "present" || miss === undefined) return undefined;
  const found = foundAt(history, miss);
  const made = appearedAt(wanted);
  const came = laterThan(miss.first.time, [
    made !== undefined && isBelievable(made, input) ? made : undefined,
    installation === undefined
      ? undefined
      : installedAfter(installation, wanted.path, miss.first.time, input),
    ...(otherUnits?.units ?? [])
      .filter(
        ({ makes, mountPoint }) => makes.includes(wanted.path) || isBelow(wanted.path, mountPoint),
      )
      .flatMap(({ starts }) => starts.map((start) => start.last.time)),
  ]);
  // A start that got past it found it there; an installer that wrote it anew since says nothing of when it came.
  const isNew = came !== undefined && (found === undefined || came <= found + SETTLES);
  // Without ENOENT only a later arrival shows that it was missing.
  const cameAt = isNew ? came : miss.certain ? found : undefined;
  // What is still missed afterwards was missed for another reason.
  if (cameAt === undefined ? !isThereSince(input, miss) : miss.last.time > cameAt + SETTLES)
    return undefined;
  return {
    path: wanted.path,
    missedAt: miss.first.time,
    ...(cameAt === undefined ? {} : { cameAt }),
    evidence: [miss.first, wanted.walk.ref, ...installerWord(installation, miss.first.time)],
    isRace: cameAt !== undefined && isRace(input, miss.first.time, cameAt),
  };
};

/**
 * errno said that it was not there, it is there now, and its times are those of a copy: it came at a time that nothing tells. Not where
 * the service may have a view of its own, which hides what was there all along.
 */
const isThereSince = (input: LateInput, { certain }: Miss): boolean => {
  const { wanted, unit, history } = input;
  const { walk } = wanted;
  if (!certain || walk === undefined || unit === undefined || history?.running === true)
    return false;
  const isOutside = wanted.by === "systemd" || wanted.by === "environment";
  const isPlain =
    isOutside || viewOf(unit, walk, { files: input.secretFiles }).status === "visible";
  return isPlain && hasNoTimes(walk, input);
};

/** When a start after the misses got further than they did. */
const foundAt = (history: History | undefined, miss: Miss): Micros | undefined =>
  history?.readyStarts.find(({ first }) => first.time > miss.last.time)?.first.time;

/** A key that the installer missed and that is there now: made or mounted since, or there by a word of errno that it was not before. */
export const lateKey = (
  input: Pick<LateInput, "installation" | "otherUnits" | "hostJournal" | "unit">,
): LateArrival | undefined => {
  const { installation, otherUnits } = input;
  if (installation === undefined) return undefined;
  const word = noKeyWords(installation, input).at(-1);
  if (word === undefined) return undefined;
  const named = keyNamedBy(word);
  for (const { path, ref } of installation.keys) {
    if (ref.stat === undefined) continue;
    if (named !== undefined && named !== path) continue;
    const mounted = (otherUnits?.units ?? [])
      .filter(({ mountPoint }) => isBelow(path, mountPoint))
      .flatMap(({ starts, mountPoint }) => starts.map((start) => ({ start, mountPoint })))
      .find(({ start }) => start.first.time > word.time);
    const cameAt =
      mounted?.start.first.time ??
      laterThan(
        word.time,
        [ref.stat.mtime, ref.stat.birth].filter(
          (time) => time !== undefined && isBelievable(time, input),
        ),
      );
    const wasAbsent = word.word.kind === "no-key" && ABSENT.test(word.ref.text);
    if (cameAt === undefined && !wasAbsent) continue;
    return {
      path,
      missedAt: word.time,
      ...(cameAt === undefined ? {} : { cameAt }),
      evidence: [
        word.ref,
        ref,
        ...(mounted === undefined ? [] : [mounted.start.started ?? mounted.start.first]),
      ],
      ...(mounted?.mountPoint === undefined ? {} : { mountPoint: mounted.mountPoint }),
      // A key that the host made for itself stays; a file system comes late at every boot.
      isRace: mounted !== undefined || cameAt === undefined,
    };
  }
  return undefined;
};

/** errno's words, and agenix's for a key that is not there or has no bytes. */
const ABSENT = /no such file|not present|no readable identit/iu;

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

const SECOND = 1_000_000;
/** A start that is under way when the file comes may still miss it. */
const SETTLES = 2 * SECOND;
const MINUTE = 60 * SECOND;

/** A key was written in this boot after the installer had looked: the first boot of an image. The next one finds it. */
const madeForItself = (
  installation: Installation | undefined,
  missedAt: Micros,
  inBoot: (time: Micros) => boolean,
): boolean =>
  (installation?.keys ?? []).some(
    ({ ref }) => ref.stat !== undefined && ref.stat.mtime > missedAt && inBoot(ref.stat.mtime),
  );

/** Units that make the file, install secrets, or mount its place. */
export const makersOf = (
  path: HostPath,
  otherUnits: OtherUnits | undefined,
): readonly OtherUnit[] =>
  (otherUnits?.units ?? []).filter(
    ({ name, makes, mountPoint }) =>
      makes.includes(path) || isBelow(path, mountPoint) || INSTALLER.test(name),
  );

const INSTALLER = /sops|agenix|install-secrets/u;
const NOT_OF_ORDER: ReadonlySet<string> = new Set([
  "wrong-key",
  "unreadable-file",
  "owner-unresolved",
]);
/** An installer, a mount or a producer ends within this time after its boot or switch began. */
const WITHIN = 10 * MINUTE;

/**
 * The miss and the arrival belong to one boot or one switch, with nothing that orders them: then the next one may go the same way.
 * What a later switch brings was simply not there before.
 */
const isRace = (
  { hostJournal, history, installation, otherUnits, unit, wanted }: LateInput,
  missedAt: Micros,
  cameAt: Micros,
): boolean => {
  if (
    unit !== undefined &&
    makersOf(wanted.path, otherUnits).some((one) => isOrderedAfter(unit, one))
  )
    return false;
  const switches = (history?.changes ?? []).filter(({ kind }) => kind === "switch");
  const between = switches.find(({ time }) => time > missedAt && time <= cameAt);
  const boot = hostJournal?.boots.findLast(({ first }) => first <= missedAt);
  const inBoot = (time: Micros): boolean =>
    boot === undefined || (time >= boot.first && time <= boot.last);
  // What was missed through the whole of a boot came with another system, not a moment later.
  if (!inBoot(cameAt)) return false;
  if (between !== undefined) {
    const failed = (installation?.events ?? []).filter(
      ({ time }) => time < missedAt && inBoot(time),
    );
    const first = failed.find(({ word }) => word.kind === "no-key" || word.kind === "failed");
    // A key that does not fit, or an account that is not there, is no matter of order.
    if (failed.some(({ word }) => NOT_OF_ORDER.has(word.kind))) return false;
    return first !== undefined && !madeForItself(installation, first.time, inBoot);
  }
  const began = [
    ...(boot === undefined ? [] : [boot.first]),
    ...switches.filter(({ time }) => time <= missedAt).map(({ time }) => time),
  ].reduce<number>((a, b) => Math.max(a, b), 0);
  return cameAt - missedAt <= WITHIN && missedAt - began <= WITHIN;
};
