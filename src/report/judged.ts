import type { Finding, NextStart, VmDiagnosis } from "../diagnosis/finding.ts";
import type { Severity } from "../vocabulary.ts";
import type { RuleEntry } from "./catalogue.ts";
import type { Report } from "./report.ts";

/** The views that judge, and so have something for a program that shows judgements. */
export type JudgedView = "diagnosis" | "check";

/** What a command that judges was asked for, and how it ends. */
export interface Judgement {
  readonly view: JudgedView;
  /** The version of mvdoctor. */
  readonly version: string;
  /** The whole catalogue, in the order of the ids. */
  readonly rules: readonly RuleEntry[];
  /** The severities that `--fail-on` counts. */
  readonly failing: readonly Severity[];
  readonly exitStatus: number;
}

/** What a view says of one VM. */
export interface JudgedVm {
  readonly vm: VmDiagnosis;
  readonly findings: readonly Finding[];
  readonly suppressed: NextStart["suppressed"];
  readonly outcomes: VmDiagnosis["outcomes"];
}

/** The VMs of a report as the view judges them: by what happened, or by what the next start would meet. */
export const judgedVms = ({ diagnosis }: Report, view: JudgedView): readonly JudgedVm[] =>
  diagnosis.vms.map((vm) => {
    const { findings, suppressed, outcomes } = view === "check" ? vm.nextStart : vm;
    return { vm, findings, suppressed, outcomes };
  });

/** Whether everything could be looked at that the view judges by. Where no VM was found, that is where VMs are looked for. */
export const isComplete = ({ diagnosis }: Report, view: JudgedView): boolean =>
  view === "diagnosis" || diagnosis.vms.length === 0
    ? diagnosis.complete
    : diagnosis.vms.every(({ nextStart }) => nextStart.prediction !== "unknown");
