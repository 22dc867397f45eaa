import type { StoredRunner, Generations, Store } from "../evidence/store.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { History, Phase } from "./history.ts";
import { meaningsIn } from "./starts.ts";

/** What keeps a runner on this host, as far as generations, GC roots and references tell. */
export interface Origin {
  readonly stored: StoredRunner;
  /** Numbers of the generations that install it or whose closure holds it. */
  readonly generations: readonly number[];
  /** Nothing that was looked at explains why it is here. */
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
  // A link of the VM's own directory does not say who made it; a flake file says who builds it.
  const roots = stored.roots.filter(({ path }) => !path.startsWith(state.path));
  return {
    stored,
    generations: installing.map(({ number }) => number),
    unexplained: installing.length === 0 && roots.length === 0 && state.flake === undefined,
  };
};

/** Runners in the store whose text reads the very path that a phase failed to read. */
export const runnersThatFit = (phase: Phase, store: Store): readonly StoredRunner[] => {
  const tried = new Set(
    phase.starts.flatMap((start) =>
      [...meaningsIn(start, "permission-denied"), ...meaningsIn(start, "no-such-file")].map(
        ({ meaning }) => meaning.path,
      ),
    ),
  );
  return store.runners.filter(({ runner }) => runner.reads.some(({ path }) => tried.has(path)));
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
