import type { Installation, InstallerEvent, InstallerKind } from "../evidence/installation.ts";
import type { HostPath } from "../vocabulary.ts";
import { installerOf, openWords } from "./installer-runs.ts";
import { isMissing, type WantedFile } from "./wanted-files.ts";

/** Files of this VM that an installer should have made and that are not there, or may be as old as the last run that went through. */
export interface Affected {
  readonly missing: readonly WantedFile[];
  readonly kept: readonly WantedFile[];
}

/** What a failed decryption means for this VM: of one encrypted file where the line names it, else of all that the installer makes. */
export const affectedBy = (
  event: InstallerEvent,
  wanted: readonly WantedFile[],
  installation: Installation,
): Affected => {
  const file = event.word.kind === "wrong-key" ? event.word.file : undefined;
  const named = installation.declared.filter(
    ({ ciphertext }) => file !== undefined && file === ciphertext?.path,
  );
  const concerned = wanted.filter(({ path }) =>
    named.length > 0
      ? named.some((secret) => secret.path === path || secret.stored === path)
      : isInstalledBy(path, event.installer, installation),
  );
  return {
    missing: concerned.filter(isMissing),
    kept: concerned.filter(({ walk }) => walk?.end === "present"),
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
export const noKeyWords = (installation: Installation): readonly InstallerEvent[] => {
  const words = openWords(installation, "no-key");
  const unread = openWords(installation, "key-unreadable");
  // A key that could not be read beside another that fits is nothing.
  return words.length > 0 || openWords(installation, "key-imported").length > 0 ? words : unread;
};

/** The key that a line about keys names. */
export const keyNamedBy = ({ word }: InstallerEvent): HostPath | undefined =>
  word.kind === "no-key" || word.kind === "key-unreadable" ? word.path : undefined;
