import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import type { History, Phase } from "../../facts/history.ts";
import { endOfStart, meaningsIn } from "../../facts/starts.ts";
import { counted, listed } from "../../facts/wording.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/guest-console",
  severity: "error",
  part: "cause",
  docs: {
    what: "The guest itself reports a failure on its console, which the host's journal shows as if the unit had said it.",
    why: "A guest that ends in its emergency shell never runs the services that want a secret, though the unit is up on the host. Other failures of a guest are mostly noise.",
    proof:
      "Lines with the marks of a console: [FAILED], a kernel's clock, emergency mode. Only emergency mode and a boot that gave up are errors.",
    ruledOut:
      "The guest reaches its target, or shows a credential with content, later in the same start.",
    confusedWith: [
      { id: "guest/ordering", tell: "There the guest goes on and only one consumer is early." },
      { id: "unrelated/vmm-crash", tell: "There the VMM ends; here it runs." },
    ],
    repair:
      "Look at the guest's own journal: the mount or unit that failed there is named on the console.",
    sources: ["microvm.nix#464, #114", "systemd.special(7), emergency.target"],
  },
  requires: ["history"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
    ...ENDS_THE_START,
  ],
  *check({ history }) {
    for (const phase of history.phases) {
      const observation = stuckGuest(phase, history) ?? noise(phase, history);
      if (observation !== undefined) yield observation;
    }
  },
});

/** The start's last word on its boot: how it ended, where it ended before the system was up. */
const lastWord = (
  start: Invocation,
): { readonly ref: JournalRef; readonly panic: boolean } | undefined => {
  const reported = meaningsIn(start, "credential-size").some(({ meaning }) => meaning.bytes > 0);
  if (reported) return undefined;
  const panic = meaningsIn(start, "guest-panic").at(-1);
  if (panic !== undefined) return { ref: panic.ref, panic: true };
  const emergency = meaningsIn(start, "guest-emergency").at(-1);
  if (emergency === undefined) return undefined;
  // Whoever leaves the shell lets the boot go on.
  const wentOn = meaningsIn(start, "guest-up").some(({ ref }) => ref.time > emergency.ref.time);
  return wentOn ? undefined : { ref: emergency.ref, panic: false };
};

const stuckGuest = (phase: Phase, history: History): Observation | undefined => {
  const stuck = phase.starts.flatMap((start) => {
    const word = lastWord(start);
    return word === undefined ? [] : [{ start, ...word }];
  });
  const last = stuck.at(-1);
  if (last === undefined) return undefined;
  const inForce =
    isNewest(phase, history) &&
    (last.start === phase.starts.at(-1) ||
      last.start === phase.starts.findLast((start) => endOfStart(start) !== undefined));
  return {
    title: last.panic ? "The guest's own boot gave up" : "The guest ended in its emergency shell",
    explanation:
      "The guest could not boot its system, so none of its services ran, whatever the host handed over." +
      (last.panic ? "" : " The unit on the host is up all the same.") +
      (inForce ? "" : " A later start did not end so."),
    certainty: "proven",
    ...(inForce ? {} : { severity: "info" as const }),
    subject: { phase: phase.index },
    evidence: nonEmpty<EvidenceRef>(last.ref),
    scope: { phase: phase.index, starts: stuck.map(({ start }) => start.id), inForce },
  };
};

const noise = (phase: Phase, history: History): Observation | undefined => {
  const failed = phase.starts.flatMap((start) => meaningsIn(start, "guest-failed"));
  const [first] = failed;
  if (first === undefined) return undefined;
  const names = [...new Set(failed.map(({ meaning }) => meaning.what))];
  return {
    title: `The guest's console shows ${counted(names.length, "failure")} of its own`,
    explanation: `The guest says so of ${listed(names.slice(0, MOST_NAMED))}. These lines carry the unit's name because its console goes to the journal; no fault of the host follows from them.`,
    certainty: "proven",
    severity: "info",
    subject: { phase: phase.index },
    evidence: nonEmpty<EvidenceRef>(first.ref),
    scope: { phase: phase.index, inForce: isNewest(phase, history) },
  };
};

const MOST_NAMED = 3;

const isNewest = (phase: Phase, { phases }: History): boolean =>
  phase === phases.findLast(({ starts }) => starts.length > 0);
