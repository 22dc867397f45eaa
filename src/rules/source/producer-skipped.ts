import type { OtherUnit } from "../../evidence/other-units.ts";
import type { CoverageRef, EvidenceRef } from "../../evidence/reference.ts";
import { isMissing, missed, wantedFiles } from "../../facts/wanted-files.ts";
import { moment } from "../../facts/wording.ts";
import { holdsEverything } from "../../facts/journal-coverage.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/producer-skipped",
  severity: "error",
  part: "cause",
  docs: {
    what: "The unit that makes the secret was skipped by a condition, or nobody asked it to run.",
    why: "A skipped unit is no failure for systemd: whoever comes after it starts as if it had done its work.",
    proof:
      "The unit's file or script names the secret's path; the journal shows it skipped, or no start of it while nothing pulls it in.",
    ruledOut: "A start of the unit after the skip that ended well.",
    confusedWith: [
      { id: "source/never-installed", tell: "There it is the installer of all secrets." },
      { id: "unrelated/other-unit", tell: "There the unit failed, and the VM was not started." },
    ],
    repair: "Remove or meet the condition; give the unit WantedBy= or let the VM require it.",
    sources: ["systemd.unit(5), ConditionPathExists= and [Install]"],
  },
  requires: ["secretFiles", "secrets", "otherUnits"],
  optional: ["unit", "runners", "history", "hostJournal"],
  causes: NOT_MADE,
  *check(knowledge) {
    const { otherUnits, hostJournal } = knowledge;
    for (const wanted of wantedFiles(knowledge)) {
      if (!isMissing(wanted)) continue;
      for (const producer of otherUnits.units) {
        if (!producer.makes.includes(wanted.path) || producer.ref === undefined) continue;
        const why = whyIdle(producer, knowledge.unit?.needs ?? []);
        if (why === undefined) continue;
        if (why.kind === "never-asked" && !holdsEverything(hostJournal)) continue;
        const coverage: CoverageRef = {
          kind: "coverage",
          source: "journal",
          text: `lines about ${producer.name}`,
          ...(hostJournal?.first === undefined ? {} : { since: hostJournal.first }),
          ...(hostJournal?.last === undefined ? {} : { until: hostJournal.last }),
        };
        yield {
          title: `${producer.name}, which makes ${wanted.path}, ${why.kind === "skipped" ? "was skipped" : "was never asked to run"}`,
          explanation:
            why.kind === "skipped"
              ? `${producer.name} names that path. systemd skipped it at ${moment(why.ref.time)}${why.condition === undefined ? "" : `, because ${why.condition} did not hold`}, and it has not run since.`
              : `${producer.name} names that path. No target or unit pulls it in, and the journal holds no start of it.`,
          certainty: why.kind === "skipped" ? "proven" : "strong",
          subject: { unit: producer.name, path: wanted.path },
          evidence: nonEmpty<EvidenceRef>(
            producer.ref,
            why.kind === "skipped" ? why.ref : coverage,
            wanted.ref,
          ),
          scope: {
            ...missed(wanted),
            paths: [wanted.path],
            secrets: secretNames(knowledge, [wanted.path]),
            inForce: true,
          },
          remedies: [
            {
              title: `Let the VM require ${producer.name}`,
              kind: "nix",
              snippet: `{
  systemd.services."${producer.name.replace(/\.service$/u, "")}".wantedBy = [ "multi-user.target" ];
}
`,
              clears: ["source/producer-skipped"],
              leaves: [],
              cost: 'Order it before the VM as well: before = [ "microvm@NAME.service" ]. A condition that does not hold skips it all the same.',
              repairs: [
                { kind: "file-made", path: wanted.path },
                { kind: "outside-model", clears: ["source/producer-skipped"] },
              ],
            },
          ],
        };
      }
    }
  },
});

type Idle =
  | {
      readonly kind: "skipped";
      readonly condition?: string;
      readonly ref: OtherUnit["skipped"][number]["ref"];
    }
  | { readonly kind: "never-asked" };

const whyIdle = (
  { name, starts, skipped, pulledInBy }: OtherUnit,
  needs: readonly string[],
): Idle | undefined => {
  const last = skipped.at(-1);
  if (last !== undefined && !starts.some(({ first }) => first.time > last.ref.time)) {
    return {
      kind: "skipped",
      ref: last.ref,
      ...(last.condition === undefined ? {} : { condition: last.condition }),
    };
  }
  return starts.length === 0 && pulledInBy.length === 0 && !needs.includes(name)
    ? { kind: "never-asked" }
    : undefined;
};
