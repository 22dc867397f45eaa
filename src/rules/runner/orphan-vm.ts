import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Flavour } from "../../evidence/state-directory.ts";
import type { History } from "../../facts/history.ts";
import { coverageBy } from "../../facts/journal-coverage.ts";
import { generationsLine } from "../../facts/ledger.ts";
import { counted, listed } from "../../facts/wording.ts";
import type { Severity } from "../../vocabulary.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/orphan-vm",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VM still exists on the host and is no longer part of its configuration.",
    why: "Its state directory, its links and its unit instance live on, and no switch changes them any more: neither the runner nor the credentials of a drop-in come back.",
    proof:
      "The state directory of a declared VM, older generations that install it, and neither the running nor the newest generation among them.",
    ruledOut:
      "An imperative or deployed VM, which is in no generation, or an installer in the newest generation.",
    confusedWith: [
      { id: "runner/stale-current", tell: "There the newest generation still installs the VM." },
      { id: "runner/unknown-origin", tell: "There no generation ever installed it." },
    ],
    repair:
      "Declare the VM again and switch, or remove its state directory when its volumes are no longer needed.",
    sources: ["microvm.nix nixos-modules/host/default.nix:111-147 at 71beea0"],
  },
  requires: ["state", "generations"],
  optional: ["history", "secrets"],
  causes: [
    {
      mechanism: "older-runner-runs",
      effects: ["runner/missing"],
    },
    { mechanism: "nobody-declares-it", effects: ["credentials/not-configured"] },
  ],
  *check({ state, generations, history, secrets }) {
    if (state.ref.absent === true) return;
    if (NOT_DECLARED.has(state.flavour) || generations.list.length === 0) return;
    if (generations.running?.installer !== undefined) return;
    const installing = generations.list.filter(({ runner, installer }) => runner ?? installer);
    const newest = generations.list.find(({ number }) => number === generations.newest);
    const running = generations.list.find(
      ({ toplevel }) => toplevel === generations.running?.toplevel,
    );
    const considered = [newest, running].flatMap((generation) => generation ?? []);
    if (installing.length === 0 || considered.length === 0) return;
    if (considered.some((generation) => installing.includes(generation))) return;
    const last = installing.at(-1);
    if (last === undefined) return;
    const coverage = coverageBy(
      "generations",
      `${counted(generations.list.length, "generation")} looked at; this VM is installed by ${listed(installing.map(({ number }) => String(number)))}`,
      generationsLine(generations),
    );
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: "The VM is no longer part of the host's configuration",
      explanation: `Generation ${last.number} was the last to install this VM. Neither the newest nor the running one does, so no switch touches its runner, its links or its unit any more.`,
      certainty: "proven",
      ...severityOf(history),
      subject: { path: state.path, generation: last.number },
      evidence: nonEmpty<EvidenceRef>(state.ref, coverage, last.installer ?? last.link),
      scope: {
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
        // The drop-in that handed them over went with the declaration.
        secrets: (secrets ?? []).map(({ name }) => name),
      },
    };
  },
});

/** Flavours that no generation installs: that none does says nothing. */
const NOT_DECLARED: ReadonlySet<Flavour> = new Set(["imperative", "deployed", "hand-made"]);

/** A VM that runs does so for now. One that nobody has started as far as the journal goes is a directory that was left behind. */
const severityOf = (history: History | undefined): { readonly severity?: Severity } => {
  if (history === undefined) return {};
  if (history.running) return { severity: "warning" };
  return history.phases.some(({ starts }) => starts.length > 0) ? {} : { severity: "info" };
};
