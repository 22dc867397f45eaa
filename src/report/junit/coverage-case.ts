import type { VmDiagnosis } from "../../diagnosis/finding.ts";
import { isComplete, type Judgement } from "../judged.ts";
import type { Report } from "../report.ts";
import { expiredLines } from "../suppressed.ts";
import { plain, sentence } from "../words.ts";
import { unknownResult, type TestCase } from "./test-case.ts";

/** Whether all could be looked at: of one VM, or without one of the host. What is missing and decides nothing is told beside it. */
export const coverageCase = (
  report: Report,
  { view, exitStatus }: Judgement,
  vm: VmDiagnosis | undefined,
): TestCase => {
  const { diagnosis, zone } = report;
  const gaps = diagnosis.gaps
    .filter((gap) => gap.vm === vm?.vm)
    .map(({ source, reason, required }) => ({ required, words: `${source}: ${plain(reason)}` }));
  // A next start is judged by what it would meet: a missing journal hides none of it.
  const decides = view === "diagnosis" || diagnosis.vms.length === 0;
  const missing = [
    ...gaps.filter(({ required }) => required && decides).map(({ words }) => words),
    ...(view === "check" && vm?.nextStart.prediction === "unknown"
      ? [sentence(vm.nextStart.basis, zone)]
      : []),
  ];
  return {
    name: "coverage",
    result:
      missing.length === 0 || isComplete(report, view)
        ? { status: "passed" }
        : unknownResult("incomplete", missing, exitStatus),
    output: [
      ...gaps.filter(({ required }) => !required || !decides).map(({ words }) => words),
      ...(vm === undefined ? expiredLines(diagnosis) : []),
    ],
  };
};
