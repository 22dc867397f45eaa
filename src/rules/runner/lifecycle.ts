import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import { meaningsIn, timesOf } from "../../facts/starts.ts";
import { counted } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/lifecycle",
  severity: "warning",
  part: "circumstance",
  docs: {
    what: "Links or helper units of the VM were removed or run in the wrong order: the booted link was gone when the VM was stopped, for example.",
    why: "The stop command is booted/bin/microvm-shutdown. Where that link is gone, the guest is killed instead of shut down, interfaces stay behind, and the next start meets what is left.",
    proof:
      "A stop command that could not be run (status 203 or 127), or a missing path below `booted` in the journal of the VM or its helpers.",
    ruledOut: "The stop command ran, whatever it ended with.",
    confusedWith: [
      {
        id: "runner/missing",
        tell: "There `current` leads to nothing and the start does not come about.",
      },
      { id: "unrelated/tap", tell: "That is what a left interface does to the next start." },
    ],
    repair:
      "Start the VM through its unit, so that set-booted links it again; update microvm.nix where the link is removed too early.",
    upstream: [
      {
        project: "microvm.nix",
        from: "a3abc02 (2026-02-21)",
        note: "microvm-set-booted@ makes the link and removes it at its stop; before, the pre-start of the VM did.",
      },
    ],
    sources: ["microvm.nix nixos-modules/host/default.nix:254-318 at 71beea0"],
  },
  requires: ["vmJournal", "history"],
  optional: ["state"],
  *check({ vmJournal, history, state }) {
    const booted = state?.links.booted;
    if (history.running && booted?.end === "dangling") {
      yield {
        title: "The running VM's booted link leads to nothing",
        explanation: `The unit's stop command lies behind ${booted.hops[0].path}, and ${booted.store ?? "what it leads to"} is gone, most likely collected as garbage. The VM runs on; at its next stop the guest is killed rather than shut down, and its interfaces stay behind.`,
        certainty: "proven",
        subject: { path: booted.hops[0].path },
        evidence: nonEmpty<EvidenceRef>(...booted.hops),
        scope: { inForce: true, phase: history.phases.at(-1)?.index ?? 1 },
      };
    }
    const signs = [...vmJournal.invocations, ...vmJournal.helpers].flatMap(signsIn);
    const [first] = signs;
    const last = signs.at(-1);
    if (first === undefined || last === undefined) return;
    const phase = history.phases.findLast(({ start }) => start <= last.time);
    const later = vmJournal.invocations.some((start) => start.first.time > last.time);
    yield {
      title: `The stop of the VM could not run its command ${counted(timesOf(signs), "time")}`,
      explanation:
        "The unit's stop command lies behind the link booted, and that led to nothing when it was needed. The guest was then killed rather than shut down.",
      certainty: "strong",
      ...(later ? { severity: "info" as const } : {}),
      subject: { unit: vmJournal.invocations[0]?.unit ?? "" },
      evidence: nonEmpty<EvidenceRef>(first, ...(first === last ? [] : [last])),
      scope: { inForce: !later, ...(phase === undefined ? {} : { phase: phase.index }) },
    };
  },
});

const signsIn = (start: Invocation): readonly JournalRef[] => [
  ...start.exits
    .filter(
      ({ command, status }) => command.startsWith("ExecStop") && (status === 203 || status === 127),
    )
    .map(({ ref }) => ref),
  ...meaningsIn(start, "no-such-file")
    .filter(({ meaning }) => /\/booted(?:\/|$)/u.test(meaning.path))
    .map(({ ref }) => ref),
];
