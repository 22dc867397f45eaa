import type { FileRef, JournalRef } from "../evidence/reference.ts";
import type { StoredRunner, Generations, Store } from "../evidence/store.ts";
import type { Registrations } from "../evidence/store-history.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { History, Phase } from "./history.ts";
import { meaningsIn } from "./starts.ts";

/** What keeps a runner on this host, as far as generations, GC roots and references tell. */
export interface Origin {
  readonly stored: StoredRunner;
  /** Numbers of the generations that install it or whose closure holds it. */
  readonly generations: readonly number[];
  /** Nothing that was looked at explains why it is here; the running system need not be a generation. */
  readonly unexplained: boolean;
}

export const originOf = (
  stored: StoredRunner,
  state: StateDirectory,
  generations: Generations | undefined,
): Origin => {
  const needed = new Set([stored.path, ...(stored.object?.referrers ?? [])]);
  const installing = (generations?.list ?? []).filter(
    ({ runner, toplevel }) =>
      runner === stored.path || (toplevel !== undefined && needed.has(toplevel)),
  );
  return {
    stored,
    generations: installing.map(({ number }) => number),
    // A flake file says who builds it.
    unexplained:
      installing.length === 0 &&
      generations?.running?.runner !== stored.path &&
      rootsBeside(stored, state).length === 0 &&
      state.flake === undefined,
  };
};

/** What keeps a runner alive beside the links of the VM's own directory, which do not say who made it. */
export const rootsBeside = (
  { roots }: StoredRunner,
  { path }: StateDirectory,
): readonly FileRef[] => roots.filter((root) => !root.path.startsWith(path));

/** Numbers below the newest of which no generation is left; what they installed nobody can tell. */
export const missingGenerations = (generations: Generations | undefined): readonly number[] => {
  const there = new Set((generations?.list ?? []).map(({ number }) => number));
  const newest = Math.max(0, ...there);
  return Array.from({ length: newest }, (_, index) => index + 1).filter(
    (number) => !there.has(number),
  );
};

export interface Handwork {
  /** It links `current`, has `microvm` build a flake, or builds something that could be linked. */
  readonly work: "links" | "imperative" | "builds";
  readonly command: string;
  readonly ref: JournalRef;
}

const WORK: Readonly<Record<Handwork["work"], RegExp>> = {
  links: /\b(?:ln|mv|cp)\s.*\bcurrent(?:\s|$)/u,
  imperative: /\bmicrovm\s(?:.*\s)?-\w*[cu]\w*(?:\s|$)/u,
  builds: /\bnix(?:\s.*\bbuild|-build)\b|\bnix-store\s.*(?:-r|--realise|--add-root)\b/u,
};

/** Commands of operators that could have given a phase its runner: after the last start of the phase before, and before its own. */
export const handwork = (phase: Phase, { phases, changes }: History): readonly Handwork[] => {
  const before = phases.findLast(
    ({ index, starts }) => index < phase.index && starts.length > 0,
  )?.starts;
  const since = before?.at(-1)?.first.time ?? -Infinity;
  return changes.flatMap((change): readonly Handwork[] => {
    if (change.kind !== "operator" || change.time <= since || change.time > phase.start) return [];
    const work = (["links", "imperative", "builds"] as const).find((one) =>
      WORK[one].test(change.command),
    );
    return work === undefined ? [] : [{ work, command: change.command, ref: change.ref }];
  });
};

/**
 * Runners in the store whose text reads the very path that a phase failed to read. One that came into the store after the phase was
 * over is none of its.
 */
export const runnersThatFit = (
  phase: Phase,
  store: Store,
  registrations?: Registrations,
): readonly StoredRunner[] => {
  const last = phase.starts.at(-1)?.first.time ?? phase.start;
  const tried = new Set(
    phase.starts.flatMap((start) =>
      [...meaningsIn(start, "permission-denied"), ...meaningsIn(start, "no-such-file")].map(
        ({ meaning }) => meaning.path,
      ),
    ),
  );
  return store.runners.filter(
    ({ path, runner }) =>
      runner.reads.some((read) => tried.has(read.path)) &&
      (registrations?.times.get(path) ?? -Infinity) <= last,
  );
};

/** Phases whose runner is not known and would matter: they failed, or their guest had what a later one misses. */
export const phasesOfUnknownRunner = ({ phases }: History): readonly Phase[] =>
  phases.filter(
    ({ kind, starts, runner }) =>
      starts.length > 0 &&
      runner === undefined &&
      (kind === "failing" ||
        starts.some((start) =>
          meaningsIn(start, "credential-size").some(({ meaning }) => meaning.bytes > 0),
        )),
  );

const MOST_NAMES = 4;
/** Set by microvm.nix itself, by shells, or so short that they stand anywhere. */
const COMMON_NAME = /^(?:runtime_args|.{1,5}|CREDENTIALS_DIRECTORY)$/u;

/** Variables that runners in the store assign where they handle secrets, and none that a generation installs: the text to look for. */
export const ownNames = (
  store: Store | undefined,
  generations: Generations | undefined,
): readonly string[] => {
  const installed = new Set((generations?.list ?? []).flatMap(({ runner }) => runner ?? []));
  const runners = store?.runners ?? [];
  const common = new Set(runners.filter(({ path }) => installed.has(path)).flatMap(assignedNames));
  const own = runners.filter(({ path }) => !installed.has(path)).flatMap(assignedNames);
  return [...new Set(own)]
    .filter((name) => !COMMON_NAME.test(name) && !common.has(name))
    .slice(0, MOST_NAMES);
};

const assignedNames = ({ runner }: StoredRunner): readonly string[] =>
  [
    ...runner.reads.map(({ ref }) => ref),
    ...(runner.credentialsDirectory === undefined ? [] : [runner.credentialsDirectory.ref]),
    ...runner.channels.map(({ ref }) => ref),
  ].flatMap(
    ({ text = "" }) =>
      /^\s*(?:(?:export|local|readonly|declare)\s+)?(?<name>[A-Za-z_]\w*)=/u.exec(text)?.groups?.[
        "name"
      ] ?? [],
  );
