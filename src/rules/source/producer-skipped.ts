import type { Installation } from "../../evidence/installation.ts";
import type { OtherUnit } from "../../evidence/other-units.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { installerOf } from "../../facts/installer-runs.ts";
import {
  isMissing,
  missed,
  placeIn,
  wantedFiles,
  type WantedFile,
} from "../../facts/wanted-files.ts";
import { moment } from "../../facts/wording.ts";
import { holdsEverything, journalCarries } from "../../facts/journal-coverage.ts";
import { defineRule, type Remedy } from "../rule.ts";
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
  optional: ["unit", "runners", "history", "hostJournal", "installation"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [...claim.effects, "source/never-installed" as const],
  })),
  *check(knowledge) {
    const { otherUnits, hostJournal } = knowledge;
    for (const wanted of wantedFiles(knowledge)) {
      if (!isMissing(wanted)) continue;
      for (const producer of otherUnits.units) {
        const isInstaller = installs(producer, wanted, knowledge.installation);
        if (!producer.makes.includes(wanted.path) && !isInstaller) continue;
        const why = whyIdle(producer, knowledge.unit?.needs ?? []);
        if (why === undefined || producer.ref === undefined) continue;
        // Whether an installer's unit was asked to run is told by what it left (source/never-installed).
        if (isInstaller && why.kind === "never-asked") continue;
        if (
          why.kind === "never-asked" &&
          !holdsEverything(hostJournal, { concerns: (unit) => unit === producer.name })
        )
          continue;
        const coverage = journalCarries(hostJournal, `lines about ${producer.name}`);
        yield {
          title: `${producer.name}, which makes ${wanted.path}, ${why.kind === "skipped" ? "was skipped" : "was never asked to run"}`,
          explanation:
            why.kind === "skipped"
              ? `${isInstaller ? `${producer.name} installs what belongs there` : `${producer.name} names that path`}. systemd skipped it at ${moment(why.ref.time)}${why.condition === undefined ? "" : `, because ${why.condition} did not hold`}, and it has not run since.`
              : `${producer.name} names that path. No target or unit pulls it in, and the journal holds no start of it.`,
          certainty: why.kind === "skipped" ? "proven" : "strong",
          subject: { unit: producer.name, path: wanted.path },
          evidence: nonEmpty<EvidenceRef>(
            producer.ref,
            ...(why.kind === "skipped" ? [why.ref] : []),
            ...coverage,
            wanted.ref,
          ),
          scope: {
            ...missed(wanted),
            paths: [wanted.path],
            secrets: secretNames(knowledge, [wanted.path]),
            inForce: true,
          },
          remedies: [
            ...(why.kind === "skipped" ? [conditionMet(producer.name, why.condition)] : []),
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

/** The unit of the installer that serves this path: what it makes stands in a manifest and not in its unit file. */
const installs = (
  { name }: OtherUnit,
  wanted: WantedFile,
  installation: Installation | undefined,
): boolean => {
  const installer =
    installation === undefined
      ? undefined
      : installerOf(installation, placeIn(installation, wanted));
  switch (installer) {
    case "sops-nix":
      return name.startsWith("sops-install-secrets");
    case "agenix":
      return name.startsWith("agenix");
    case undefined:
      return false;
  }
};

const conditionMet = (unit: string, condition: string | undefined): Remedy => ({
  title: `Meet the condition of ${unit}, or take it out`,
  kind: "advice",
  snippet: `${condition ?? "Its condition"} did not hold. Where it is right, make it hold and run: systemctl start ${unit}`,
  clears: ["source/producer-skipped"],
  leaves: [],
  cost: "Then start the VM.",
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
