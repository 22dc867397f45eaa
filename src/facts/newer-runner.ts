import type { LinkedRunners } from "../evidence/evidence.ts";
import type { Generation, Generations, Store } from "../evidence/store.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { StorePath } from "../vocabulary.ts";
import { waysForSecrets } from "./handover.ts";
import type { Secret } from "./secrets.ts";

/** What a system installs for this VM, and which system that is. */
export interface InstallerInForce {
  readonly system: string;
  readonly generation?: number;
  readonly runner: StorePath;
  readonly installer: FileRef;
  readonly link: FileRef;
  readonly frozen: boolean;
}

/** The installer of the system that the host runs; else of the newest generation, which a switch or a boot brings in. */
export const installerInForce = (generations: Generations): InstallerInForce | undefined => {
  const { running, list } = generations;
  const generation =
    list.findLast(({ toplevel }) => toplevel === running?.toplevel) ??
    (running === undefined ? newestGeneration(generations) : undefined);
  const found =
    generation ?? (running === undefined ? undefined : { ...running, link: running.ref });
  if (found?.runner === undefined || found.installer === undefined) return undefined;
  return {
    system: generation === undefined ? "the running system" : `generation ${generation.number}`,
    ...(generation === undefined ? {} : { generation: generation.number }),
    runner: found.runner,
    installer: found.installer,
    link: found.link,
    frozen: found.frozen ?? false,
  };
};

export const newestGeneration = ({ list, newest }: Generations): Generation | undefined =>
  list.find(({ number }) => number === newest);

/**
 * The names of the secrets that a runner which is not in force would bring to the guest while the one in force has no way for any. Where its
 * text is not known, it may be so: what was deployed and has no effect is then taken for the better one.
 */
export const secretsGained = (
  runner: StorePath,
  {
    store,
    runners,
    secrets,
  }: {
    readonly store?: Store;
    readonly runners?: LinkedRunners;
    readonly secrets: readonly Secret[];
  },
): readonly string[] => {
  if (secrets.length === 0 || runners?.current === undefined) return [];
  if (waysForSecrets(runners.current, secrets).length > 0) return [];
  const newer = store?.runners.find(({ path }) => path === runner)?.runner;
  return newer === undefined || waysForSecrets(newer, secrets).length > 0
    ? secrets.map(({ name }) => name)
    : [];
};
