import type { EvidenceRef } from "../../evidence/reference.ts";
import { endOfStart, hasFailed } from "../../facts/starts.ts";
import { troublesOf } from "../../facts/vmm-troubles.ts";
import { ENDS_THE_VMM } from "../hypervisor-effects.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { troubleObservation } from "../vmm-trouble.ts";

/** supervisord's buffer of events held 10 of them until 8298962 (2026-07-12): with more shares the helper never became ready. */
const MOST_SHARES = 9;

export default defineRule({
  id: "hypervisor/share-not-ready",
  severity: "error",
  part: "cause",
  docs: {
    what: "The virtiofs or 9p share was not served when the VMM started.",
    why: "The VMM connects to virtiofsd's socket at its start and ends where nobody listens; both units then tear each other down and begin again.",
    proof:
      "The VMM's words about the socket or the share, in the starts that failed; the helper's state; the number of shares.",
    ruledOut: "The socket is served, and the VMM ends over something else.",
    confusedWith: [
      { id: "access/file-mode", tell: "Refused is not denied: nobody listens there." },
      {
        id: "runner/stale-current",
        tell: "There the runner has no program that would serve the share.",
      },
      {
        id: "source/created-empty",
        tell: "There the share is served, and there is nothing in it.",
      },
    ],
    repair:
      "Update microvm.nix, so that the helper is started only when its sockets are there; remove a stale socket.",
    upstream: [
      {
        project: "microvm.nix",
        until: "2024-07 (#257)",
        note: "virtiofsd counted as started before its sockets existed.",
      },
      {
        project: "microvm.nix",
        until: "8298962 (2026-07-12)",
        note: "With more than 9 virtiofs shares the helper never reports that it is ready.",
      },
    ],
    sources: ["microvm.nix#260, #257, #312, 8298962"],
  },
  requires: ["history"],
  optional: ["shares", "vmJournal"],
  causes: ENDS_THE_VMM,
  *check({ history, shares, vmJournal }) {
    const served = (shares?.directories ?? []).filter(({ protocol }) => protocol === "virtiofs");
    for (const trouble of troublesOf(history, "share")) {
      const [share] = served;
      yield troubleObservation(trouble, {
        title: "The VMM found nobody who serves its share",
        explanation:
          "The VMM connects to the socket of a share at its start, and nobody listened there.",
        subject: { socket: trouble.object ?? "share" },
        evidence: share === undefined ? [] : [share.socket ?? share.ref],
      });
    }
    const helper = vmJournal?.helpers.findLast(({ unit }) => unit.startsWith("microvm-virtiofsd@"));
    const [share] = served;
    if (helper === undefined || share === undefined || served.length <= MOST_SHARES) return;
    const hangs =
      helper.started === undefined &&
      (hasFailed(helper) || endOfStart(helper) === undefined) &&
      history.readyStarts.length === 0;
    if (!hangs) return;
    yield {
      title: `${served.length} shares keep microvm-virtiofsd@ from becoming ready`,
      explanation: `The runner declares ${served.length} virtiofs shares. With more than ${MOST_SHARES}, supervisord loses events and the helper never reports that it is ready, so the VM never starts.`,
      certainty: "strong",
      subject: { shares: served.length },
      evidence: nonEmpty<EvidenceRef>(helper.result?.ref ?? helper.last, share.ref),
      scope: { inForce: true, phase: history.phases.at(-1)?.index ?? 1 },
    };
  },
});
