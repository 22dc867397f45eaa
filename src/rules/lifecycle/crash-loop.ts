import type { EvidenceRef } from "../../evidence/reference.ts";
import type { ProcessExit } from "../../evidence/journal.ts";
import type { VmUnit } from "../../evidence/unit.ts";
import { counted, moment } from "../../facts/wording.ts";
import { formatDuration, formatUtc } from "../../time/format-time.ts";
import type { Knowledge } from "../../facts/facts.ts";
import { findLoops } from "../../facts/loops.ts";
import { hasFailed } from "../../facts/starts.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "lifecycle/crash-loop",
  severity: "error",
  part: "symptom",
  docs: {
    what: "The unit fails and is started again, over and over.",
    why: "microvm@ has Restart=always and RestartSec=5s: two starts in ten seconds never reach the default start limit, so the loop has no end of its own.",
    proof:
      "Starts with a failure and a restart that systemd scheduled. Starts are counted by their invocation; the restart counter begins anew after a stop by hand.",
    ruledOut:
      "A stop job between the starts, or starts that end by themselves with success: restarts by hand or by a switch are no loop.",
    confusedWith: [
      {
        id: "lifecycle/clean-exit",
        tell: "There each run ends with success and systemd starts it again all the same.",
      },
      {
        id: "unrelated/system-switch",
        tell: "There several units stop and start in the same second, with a stop job for each.",
      },
      {
        id: "unrelated/stopped-by-hand",
        tell: "There stop jobs separate the starts; in a loop systemd itself schedules each restart.",
      },
      {
        id: "unrelated/start-timeout",
        tell: "There the period is the start timeout, and the guest boots well in between.",
      },
    ],
    repair:
      "It is a symptom: repair what ends each start. Stopping the unit meanwhile keeps the journal short.",
    upstream: [
      {
        project: "microvm.nix",
        from: "1301dc4 (2023-11-17)",
        note: "RestartSec is 5 s, so the default limit of 5 starts in 10 s is never reached and the loop has no end. Before, it was 1 s and the unit ended in the start limit.",
      },
    ],
    sources: [
      "systemd.service(5), Restart=",
      "systemd.unit(5), StartLimitIntervalSec=",
      "microvm.nix nixos-modules/host/default.nix:274-318 at 71beea0",
    ],
  },
  requires: ["history", "vmJournal"],
  optional: ["unit"],
  causes: [
    {
      mechanism: "systemd-starts-it-again",
      effects: ["lifecycle/start-limit", "lifecycle/never-started"],
    },
  ],
  *check({ history, vmJournal, unit }) {
    const lastWithStarts = history.phases.findLast(({ starts }) => starts.length > 0);
    for (const phase of history.phases) {
      const { loop } = phase;
      if (loop === undefined || loop.failed * 2 < loop.count) continue;
      const [first] = loop.starts;
      const final = loop.starts.at(-1) ?? first;
      const exit = loop.starts.flatMap(({ exits }) => exits)[0];
      yield {
        title: `${counted(loop.count, "start")} in a row failed, one every ${formatDuration(loop.period)}`,
        explanation: [
          `From ${moment(loop.first)} to ${moment(loop.last)} systemd started the unit ${loop.count} times;`,
          `${loop.failed === loop.count ? "every start" : `${loop.failed} of them`} failed${exit === undefined ? "." : ` (${exitText(exit)}).`}`,
          ...(unit?.restart === undefined ? [] : [`${restartText(unit)} keeps it going;`]),
          `systemd's "Started" in between means only that the process was forked.`,
        ].join(" "),
        certainty: "proven",
        subject: {
          unit: first.unit,
          period: Math.round(loop.period / 1000) / 1000,
          count: loop.count,
          first: formatUtc(loop.first),
          last: formatUtc(loop.last),
        },
        evidence: nonEmpty<EvidenceRef>(
          first.result?.ref ?? first.first,
          ...(first.restart === undefined ? [] : [first.restart]),
          final.result?.ref ?? final.last,
          ...(unit?.restart === undefined ? [] : [unit.restart.ref]),
        ),
        scope: {
          phase: phase.index,
          starts: loop.starts.map(({ id }) => id),
          inForce: phase === lastWithStarts,
        },
      };
    }
    yield* loopsOfHelpers({ history, vmJournal });
  },
});

/** A helper unit of the VM that systemd starts again and again: its share or interface is not there, whether the VM runs or waits. */
function* loopsOfHelpers({
  history,
  vmJournal,
}: Pick<Knowledge, "history" | "vmJournal">): Iterable<Observation> {
  for (const unit of new Set(vmJournal.helpers.map((helper) => helper.unit))) {
    const starts = vmJournal.helpers.filter((helper) => helper.unit === unit);
    const loop = findLoops(starts).findLast(({ failed, count }) => failed * 2 >= count);
    if (loop === undefined) continue;
    const [first] = loop.starts;
    const final = loop.starts.at(-1) ?? first;
    const inForce = final === starts.at(-1) && hasFailed(final);
    const phase = history.phases.findLast(({ start }) => start <= loop.last);
    yield {
      title: `${unit} failed ${loop.count} times in a row, once every ${formatDuration(loop.period)}`,
      explanation: `From ${moment(loop.first)} to ${moment(loop.last)} systemd started ${unit}, which the VM needs, ${loop.count} times. ${inForce ? "Its newest start failed as well." : "It came up later."}`,
      certainty: "proven",
      ...(inForce ? (history.running ? { severity: "warning" } : {}) : { severity: "info" }),
      subject: { unit, period: Math.round(loop.period / 1000) / 1000, count: loop.count },
      evidence: nonEmpty<EvidenceRef>(
        first.result?.ref ?? first.first,
        final.result?.ref ?? final.last,
        ...(final.lastOutput === undefined ? [] : [final.lastOutput]),
      ),
      scope: {
        ...(phase === undefined ? {} : { phase: phase.index }),
        starts: loop.starts.map(({ id }) => id),
        inForce,
      },
    };
  }
}

const exitText = ({ command, code, status }: ProcessExit): string =>
  code === "exited"
    ? `${command} with status ${status}`
    : `${command} was ${code} by signal ${status}`;

const restartText = ({ restart, restartSec }: VmUnit): string =>
  `Restart=${restart?.value ?? "no"}${restartSec === undefined ? "" : ` after ${restartSec.value}`}`;
