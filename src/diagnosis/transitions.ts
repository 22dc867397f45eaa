import type { History, Phase } from "../facts/history.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import { meaningsIn } from "../facts/starts.ts";
import { listed } from "../facts/wording.ts";
import type { Argument, Transition } from "./finding.ts";

/** What became different between each phase that ran something and the next one. */
export const transitions = (
  { phases }: History,
  state: StateDirectory | undefined,
): readonly Transition[] => {
  const active = phases.filter(({ starts }) => starts.length > 0);
  return active.slice(1).flatMap((phase, index): readonly Transition[] => {
    const before = active[index];
    if (before === undefined) return [];
    const between = phases.filter((one) => one.index > before.index && one.index <= phase.index);
    const changes = [
      ...runnerChange(before, phase, state),
      ...hostChanges(between),
      ...behaviourChange(before, phase),
    ];
    return changes.length === 0 ? [] : [{ from: before.index, to: phase.index, changes }];
  });
};

const runnerChange = (
  before: Phase,
  after: Phase,
  state: StateDirectory | undefined,
): readonly Argument[] => {
  if (after.runner === undefined) return [];
  const evidence = [...(before.runner?.evidence ?? []), ...after.runner.evidence];
  if (before.runner === undefined) {
    const directory = state?.links.current;
    return [
      {
        text: `the runner is ${after.runner.path} from here on; which one phase ${before.index} used is not known`,
        evidence: [...evidence, ...(directory === undefined ? [] : [directory.hops[0]])],
      },
    ];
  }
  return before.runner.path === after.runner.path
    ? [{ text: `the runner stayed ${after.runner.path}`, evidence }]
    : [{ text: `the runner changed from ${before.runner.path} to ${after.runner.path}`, evidence }];
};

const hostChanges = (phases: readonly Phase[]): readonly Argument[] =>
  phases
    .flatMap(({ changes }) => changes)
    .map((change): Argument => {
      switch (change.kind) {
        case "switch":
          return {
            text:
              change.toplevel === undefined
                ? "the host was switched to another system configuration"
                : `the host was switched to ${change.toplevel}`,
            evidence: [change.ref],
          };
        case "install":
          return { text: "install-microvm wrote current anew", evidence: [change.ref] };
        case "relink":
          return { text: `current was linked to ${change.target}`, evidence: [change.ref] };
        case "operator":
          return { text: `an operator ran \`${change.command}\``, evidence: [change.ref] };
        case "secrets":
          return { text: "the installer of secrets ran", evidence: [change.ref] };
      }
    });

const behaviourChange = (before: Phase, after: Phase): readonly Argument[] => {
  const was = deniedIn(before);
  const is = deniedIn(after);
  const gone = [...was.keys()].filter((path) => !is.has(path));
  const [first] = gone;
  const ref = first === undefined ? undefined : was.get(first);
  return ref === undefined
    ? []
    : [{ text: `nothing tries to read ${listed(gone)} any more`, evidence: [ref] }];
};

const deniedIn = ({ starts }: Phase) =>
  new Map(
    starts.flatMap((start) =>
      meaningsIn(start, "permission-denied").map(
        ({ meaning, ref }) => [meaning.path, ref] as const,
      ),
    ),
  );
