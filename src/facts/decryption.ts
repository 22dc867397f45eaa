import type { Installation, InstallerEvent, InstallerKind } from "../evidence/installation.ts";
import type { HostPath } from "../vocabulary.ts";
import type { TimeSources } from "./file-times.ts";
import { declaredAt, installerOf, openWords, rootOf } from "./installer-runs.ts";
import { isMissing, placeIn, type WantedFile } from "./wanted-files.ts";

/** Files of this VM that an installer should have made and that are not there, or may be as old as the last run that went through. */
export interface Affected {
  readonly missing: readonly WantedFile[];
  readonly kept: readonly WantedFile[];
}

/**
 * What a failed decryption means for this VM. agenix goes on without the one file that the line names; sops-nix decrypts everything
 * before it writes anything, so that one file that fails keeps all others of its place away. Old values are told of that file alone.
 */
export const affectedBy = (
  event: InstallerEvent,
  wanted: readonly WantedFile[],
  installation: Installation,
): Affected => {
  const { word } = event;
  const isOfFile = word.kind === "wrong-key" || word.kind === "unreadable-file";
  const file = isOfFile ? word.file : undefined;
  const named = installation.declared.filter(
    ({ ciphertext }) => file !== undefined && file === ciphertext?.path,
  );
  const isNamed = (one: WantedFile): boolean => {
    const place = placeIn(installation, one);
    return named.length > 0
      ? named.some((secret) => secret.path === place || secret.stored === place)
      : isInstalledBy(place, event.installer, installation);
  };
  const sharesRun = (one: WantedFile): boolean => {
    const secret = declaredAt(installation, placeIn(installation, one));
    return named.some(
      ({ installer, stored }) =>
        installer === "sops-nix" &&
        secret !== undefined &&
        rootOf(installation, stored) === rootOf(installation, secret.stored),
    );
  };
  return {
    missing: wanted.filter((one) => isMissing(one) && (isNamed(one) || sharesRun(one))),
    kept: wanted.filter((one) => one.walk?.end === "present" && isNamed(one)),
  };
};

const isInstalledBy = (
  path: HostPath,
  speaker: InstallerKind | undefined,
  installation: Installation,
): boolean => {
  const installer = installerOf(installation, path);
  return installer !== undefined && (speaker === undefined || speaker === installer);
};

/** The keys that the newest failed run did not have, by its own words or by their absence. */
export const absentKeys = (installation: Installation) =>
  installation.keys.filter(({ ref }) => ref.absent === true);

/** Words of a run that had no key at all. */
export const noKeyWords = (
  installation: Installation,
  times: TimeSources,
): readonly InstallerEvent[] => {
  const words = openWords(installation, "no-key", times);
  const unread = openWords(installation, "key-unreadable", times);
  // A key that could not be read beside another that fits is nothing.
  return words.length > 0 || openWords(installation, "key-imported", times).length > 0
    ? words
    : unread;
};

/** The key that a line about keys names. */
export const keyNamedBy = ({ word }: InstallerEvent): HostPath | undefined =>
  word.kind === "no-key" || word.kind === "key-unreadable" ? word.path : undefined;
