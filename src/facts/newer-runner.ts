import type { LinkedRunners } from "../evidence/evidence.ts";
import type { Generation, Generations, Store } from "../evidence/store.ts";
import type { StorePath } from "../vocabulary.ts";
import { waysForSecrets } from "./handover.ts";
import type { Secret } from "./secrets.ts";

/** The generation that the host runs, where it is in the list; else the newest, which a switch or a boot brings in. */
export const generationInForce = (generations: Generations): Generation | undefined =>
  generations.list.findLast(({ toplevel }) => toplevel === generations.running?.toplevel) ??
  (generations.running === undefined ? newestGeneration(generations) : undefined);

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
