import type { CoverageRef, EvidenceRef } from "../../evidence/reference.ts";
import type { Registrations } from "../../evidence/store-history.ts";
import { coverageBy } from "../../facts/journal-coverage.ts";
import { generationsLine, rootsLine } from "../../facts/ledger.ts";
import { originOf, phasesOfUnknownRunner, runnersThatFit } from "../../facts/origin.ts";
import { registeredAt } from "../../facts/provenance.ts";
import { counted, listed, moment } from "../../facts/wording.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/unknown-origin",
  severity: "warning",
  part: "circumstance",
  docs: {
    what: "The runner in force, or the one of an earlier phase, is referenced by no generation, no flake and no GC root.",
    why: "What nobody declares, nobody can build again: it goes with the next switch or the next garbage collection, and its behaviour with it.",
    proof:
      "The referrers of the runner in the Nix database, the installers of all generations, and the GC roots, none of which leads to it.",
    ruledOut:
      "A generation whose installer links the runner, a flake file from which it was built, or a root of the garbage collector outside the state directory that leads to it.",
    confusedWith: [
      {
        id: "runner/stale-current",
        tell: "There an older generation does explain the runner.",
      },
      {
        id: "runner/override-discarded",
        tell: "There the runner in force is declared, and the other one is the stranger.",
      },
      {
        id: "runner/orphan-vm",
        tell: "There the whole VM is no longer part of the configuration, and an older generation still knows it.",
      },
    ],
    repair:
      "Declare what the runner does in the configuration, under version control, and deploy that. Until then a root of the garbage collector keeps the built one.",
    upstream: [
      {
        project: "microvm.nix",
        from: "3d3429b (2024-12-03)",
        note: "Scripts of a runner are named microvm-HOST-SCRIPT in the store. Another name for a microvm-run says that upstream's code did not make it.",
      },
    ],
    sources: [
      "nix-store(1), --query --referrers-closure",
      "microvm.nix nixos-modules/host/default.nix at 71beea0",
    ],
  },
  requires: ["store", "state", "generations", "history"],
  optional: ["registrations", "runners"],
  *check({ store, state, generations, history, registrations, runners }) {
    // A command of the unit's own is declared where the unit is.
    if (runners?.startedBy !== undefined) return;
    const searched = coverageBy(
      "generations",
      `the installers of ${counted(generations.list.length, "generation")} (${listed(generations.list.map(({ number }) => String(number)))}) and ${counted(store.rootsSeen, "root link")} were looked at`,
      generationsLine(generations),
      rootsLine(store.rootsSeen),
    );
    const current = state.links.current?.store;
    const stored = store.runners.find(({ path }) => path === current);
    if (stored !== undefined && originOf(stored, state, generations).unexplained) {
      const known = store.databaseProblem === undefined;
      yield {
        title: "Nothing on this host explains the runner in force",
        explanation:
          `${stored.path} is what current leads to. No generation installs it, no GC root outside the state directory leads to it, and there is no flake file` +
          `${stored.valid === false ? "; the Nix database does not even know the path" : ""}. It was built elsewhere, by another evaluation, or linked by hand.`,
        certainty: known ? "proven" : "strong",
        subject: { runner: stored.path },
        evidence: nonEmpty<EvidenceRef>(stored.ref, searched, ...store.queries.slice(0, 2)),
        scope: { inForce: true, phase: history.phases.at(-1)?.index ?? 1 },
      };
    }
    for (const phase of phasesOfUnknownRunner(history)) {
      const [best, ...others] = runnersThatFit(phase, store, registrations).filter(
        (one) => originOf(one, state, generations).unexplained,
      );
      yield best === undefined
        ? {
            title: `The runner of phase ${phase.index} is not known`,
            explanation: `current was linked anew after phase ${phase.index}, and nothing in the journal or the store says what it led to before.`,
            certainty: "weak",
            severity: "info",
            subject: { phase: phase.index },
            evidence: nonEmpty<EvidenceRef>(
              searched,
              ...(state.links.current === undefined ? [] : [state.links.current.hops[0]]),
            ),
            scope: { phase: phase.index, inForce: false },
          }
        : fittingRunner(phase.index, best, others.length, searched, registrations);
    }
  },
});

const fittingRunner = (
  phase: number,
  best: ReturnType<typeof runnersThatFit>[number],
  others: number,
  searched: CoverageRef,
  registrations: Registrations | undefined,
): Observation => {
  const registered = registeredAt(best.path, registrations);
  const unreferenced = best.object !== undefined && best.object.referrers.length === 0;
  return {
    title: `The runner of phase ${phase} comes from nowhere that is declared`,
    explanation:
      `${best.path} reads the very path that phase ${phase} failed to read, so it fits${others > 0 ? ` (as do ${others} more)` : ""}. ` +
      `No generation installs it${unreferenced ? ", nothing references it," : ""} and no root keeps it: it is only still there because no garbage collection has run. ` +
      (registered === undefined ? "" : `It came into the store at ${moment(registered.time)}. `) +
      `That the text fits does not prove that it ran.`,
    certainty: "strong",
    subject: { runner: best.path, phase },
    evidence: nonEmpty<EvidenceRef>(
      best.ref,
      ...best.runner.reads.slice(0, 1).map(({ ref }) => ref),
      ...(registered === undefined ? [] : [registered.ref]),
      searched,
    ),
    scope: { phase, inForce: false },
  };
};
