import { formatUtc } from "../../time/format-time.ts";
import { isComplete, judgedVms, type Judgement } from "../judged.ts";
import { nameOf } from "../knowledge-names.ts";
import type { Report } from "../report.ts";
import { expiredLines } from "../suppressed.ts";
import { sentence } from "../words.ts";
import { message } from "./message.ts";
import { ruleReference } from "./rules.ts";

/** What notifications tell of (3.19.24); `descriptor` of each points here. */
export const NOTIFICATIONS = [
  {
    id: "gap",
    shortDescription: message("Something could not be looked at, or only in part"),
    fullDescription: message(
      "What a source does not show is unknown. Where the source is required, that nothing was found says nothing.",
    ),
  },
  {
    id: "rule-skipped",
    shortDescription: message("A rule was not asked, for want of what it needs"),
  },
  { id: "rule-failed", shortDescription: message("A rule failed: a bug in mvdoctor") },
  {
    id: "next-start-unknown",
    shortDescription: message("What the next start would meet could not be looked at"),
  },
  { id: "suppression-expired", shortDescription: message("A suppression no longer holds") },
] as const;

type NotificationId = (typeof NOTIFICATIONS)[number]["id"];

/** The one invocation of a run (3.20): how it ended, and what it could not look at. */
export const sarifInvocation = (report: Report, judgement: Judgement) => {
  const failures = ruleNotifications(report, judgement);
  const expired = expiredLines(report.diagnosis);
  return {
    executionSuccessful:
      isComplete(report, judgement.view) &&
      !failures.some(({ descriptor }) => descriptor.id === "rule-failed"),
    exitCode: judgement.exitStatus,
    endTimeUtc: formatUtc(report.generatedAt),
    toolExecutionNotifications: [
      ...gapNotifications(report),
      ...(judgement.view === "check" ? unknownStarts(report) : []),
      ...failures,
    ],
    ...(expired.length === 0
      ? {}
      : {
          toolConfigurationNotifications: expired.map((line) => ({
            descriptor: descriptorOf("suppression-expired"),
            level: "warning",
            message: message(line),
          })),
        }),
  };
};

const gapNotifications = ({ diagnosis }: Report) =>
  diagnosis.gaps.map(({ source, reason, required, vm }) => ({
    descriptor: descriptorOf("gap"),
    level: required ? "error" : "warning",
    message: message(`${source}${vm === undefined ? "" : ` of ${vm}`}: ${reason}`),
    properties: { source, required, ...(vm === undefined ? {} : { vm }) },
  }));

const unknownStarts = ({ diagnosis, zone }: Report) =>
  diagnosis.vms
    .filter(({ nextStart }) => nextStart.prediction === "unknown")
    .map(({ vm, nextStart }) => ({
      descriptor: descriptorOf("next-start-unknown"),
      level: "error",
      message: message(sentence(`${vm}: ${nextStart.basis}`, zone)),
      properties: { vm },
    }));

const ruleNotifications = (report: Report, { view, rules }: Judgement) =>
  judgedVms(report, view).flatMap(({ vm: { vm }, outcomes }) =>
    outcomes.flatMap((outcome) => {
      if (outcome.status !== "skipped" && outcome.status !== "error") return [];
      const isSkipped = outcome.status === "skipped";
      return [
        {
          descriptor: descriptorOf(isSkipped ? "rule-skipped" : "rule-failed"),
          level: isSkipped ? "note" : "error",
          message: message(
            isSkipped
              ? `${vm}: ${outcome.id} was not asked without ${outcome.missing.map(nameOf).join(" and ")}`
              : `${vm}: ${outcome.id} failed: ${outcome.message}`,
          ),
          associatedRule: ruleReference(rules, outcome.id),
          properties: { vm },
        },
      ];
    }),
  );

const descriptorOf = (id: NotificationId) => ({
  id,
  index: NOTIFICATIONS.findIndex((one) => one.id === id),
});
