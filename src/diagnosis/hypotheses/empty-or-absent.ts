import { emptyReports } from "../../facts/guest-reports.ts";
import { listed } from "../../facts/wording.ts";
import type { Hypothesis } from "../finding.ts";
import { argue, stateOf, when, type HypothesisInput } from "./input.ts";

const DECIDE_BY = "systemd-creds --system list   # in the guest: 0B is empty, no line is absent";

/** A guest that reports 0 bytes says neither that a credential is empty nor that there is none. */
export const emptyOrAbsent = ({ history, findings }: HypothesisInput): readonly Hypothesis[] =>
  emptyReports(history)
    .filter(({ inForce, missing, zeroes }) => inForce && missing.length === 0 && zeroes.length > 0)
    .flatMap(({ names, zeroes, phase }): readonly Hypothesis[] => {
      const question = `Are the credentials of phase ${phase.index} empty in the guest, or not there at all?`;
      const noWay = findings.find(
        ({ id, scope }) => id === "runner/no-secret-path" && scope.inForce,
      );
      const empty = findings.find(
        ({ id, scope }) =>
          scope.inForce && (id === "source/empty" || id === "runner/swallowed-read-error"),
      );
      return [
        {
          topic: "guest-content",
          question,
          claim: `The guest has no credential ${listed(names)}; the 0 is what its test prints for a missing file`,
          state: stateOf(noWay !== undefined, false),
          for:
            noWay === undefined
              ? []
              : [argue("the runner in force hands nothing over", ...noWay.evidence)],
          against: [
            argue(
              "no shell error about a missing file stands beside the 0, though it may not reach the console",
              ...zeroes,
            ),
          ],
          decideBy: DECIDE_BY,
        },
        {
          topic: "guest-content",
          question,
          claim: "The credentials are there with 0 bytes",
          state: stateOf(empty !== undefined, false),
          for: empty === undefined ? [] : [argue(empty.title, ...empty.evidence)],
          against: when(noWay !== undefined, () =>
            argue(
              "nothing on the host hands a credential to this guest, not even an empty one",
              ...(noWay?.evidence ?? []),
            ),
          ),
          decideBy: DECIDE_BY,
        },
      ];
    });
