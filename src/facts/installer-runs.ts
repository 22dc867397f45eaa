import type {
  Installation,
  InstallerEvent,
  InstallerWord,
  SecretRoot,
} from "../evidence/installation.ts";
import type { HostPath, Micros } from "../vocabulary.ts";

type Kind = InstallerWord["kind"];

/** What installers said in their newest run: what stands after the last one that went through, or in it where nothing failed since. */
export const openWords = <K extends Kind>(
  { events }: Installation,
  kind: K,
): readonly (InstallerEvent & { readonly word: Extract<InstallerWord, { kind: K }> })[] => {
  const done = events.findLastIndex(({ word }) => word.kind === "finished");
  return ofKind(events.slice(done + 1), kind);
};

export const ofKind = <K extends Kind>(
  events: readonly InstallerEvent[],
  kind: K,
): readonly (InstallerEvent & { readonly word: Extract<InstallerWord, { kind: K }> })[] =>
  events.filter(
    (event): event is InstallerEvent & { readonly word: Extract<InstallerWord, { kind: K }> } =>
      event.word.kind === kind,
  );

/** The installer's place that a path lies in. */
export const rootOf = ({ roots }: Installation, path: HostPath): SecretRoot | undefined =>
  roots.find((root) => path === root.path || path.startsWith(`${root.path}/`));

/** A generation that was linked, or an installer that said so, after this moment. */
export const installedAfter = (installation: Installation, time: Micros): Micros | undefined => {
  const moments = [
    ...ofKind(installation.events, "finished").map((event) => event.time),
    ...installation.roots.flatMap(({ ref, state }) =>
      state === "linked" && ref.stat !== undefined ? [ref.stat.mtime] : [],
    ),
  ].filter((moment) => moment > time);
  return moments.length === 0 ? undefined : moments.reduce((a, b) => (a < b ? a : b));
};

/** sops-nix writes its imported keys at the beginning of each run, and the generation's directory after it decrypted everything. */
const SLACK = 1_000_000;

export const lastRunFailed = ({ lastRun, roots }: Installation): boolean => {
  const root = roots.find(
    ({ installer, current }) => installer === "sops-nix" && current !== undefined,
  );
  const generation = root?.generations.find(({ number }) => number === root.current);
  return (
    lastRun?.stat !== undefined &&
    generation?.ref.stat !== undefined &&
    lastRun.stat.mtime > generation.ref.stat.mtime + SLACK
  );
};
