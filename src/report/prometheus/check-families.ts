import type { NextStart } from "../../diagnosis/finding.ts";
import { oneHot, type Family } from "./exposition.ts";
import {
  findingFamilies,
  perVm,
  reportFamilies,
  secretFamily,
  type LookedAt,
} from "./looked-at.ts";

const PREDICTION: Readonly<Record<NextStart["prediction"], true>> = {
  yes: true,
  no: true,
  unknown: true,
  "none-wanted": true,
};

/** What the next start of each VM would meet. */
export const checkFamilies = (hosts: readonly LookedAt[]): readonly Family[] => [
  ...reportFamilies("mvdoctor_next_start", hosts, "check"),
  {
    name: "mvdoctor_next_start_prediction",
    help: "Whether the next start would get its secrets: 1 for the answer, 0 for the others.",
    samples: perVm(hosts, ({ judged: { vm }, labels }) =>
      oneHot(labels, "prediction", PREDICTION, vm.nextStart.prediction),
    ),
  },
  ...findingFamilies("mvdoctor_next_start", hosts),
  secretFamily("mvdoctor_next_start", hosts, ({ vm }) => vm.nextStart.stages),
];
