import type { Cause, Finding } from "../../diagnosis/finding.ts";
import { sentence } from "../words.ts";
import { primaryLocation, type LogicalPlace } from "./locations.ts";
import { message } from "./message.ts";

interface Terms {
  readonly zone: string;
  readonly place: LogicalPlace;
}

interface Step {
  readonly finding: Finding;
  /** How it brings the next one about; absent for the last. */
  readonly how?: string;
}

/** What led to a finding, from the root cause on: one flow (3.36) for each of its causes. */
export const causalFlows = (finding: Finding, all: readonly Finding[], terms: Terms) => {
  const flows = finding.causedBy.map((cause) => {
    const steps = [...leadingTo(finding, cause, all, new Set([finding])), { finding }];
    return {
      message: message(sentence(cause.how, terms.zone)),
      threadFlows: [{ locations: steps.map((step) => flowLocation(step, terms)) }],
    };
  });
  return flows.length === 0 ? {} : { codeFlows: flows };
};

/** The chain behind a cause, by the first cause of each. */
const leadingTo = (
  effect: Finding,
  cause: Cause,
  all: readonly Finding[],
  seen: ReadonlySet<Finding>,
): readonly Step[] => {
  const candidates = all.filter((one) => one.id === cause.id && !seen.has(one));
  const found = candidates.find(({ scope }) => scope.phase === effect.scope.phase) ?? candidates[0];
  if (found === undefined) return [];
  const [before] = found.causedBy;
  return [
    ...(before === undefined ? [] : leadingTo(found, before, all, new Set([...seen, found]))),
    { finding: found, how: cause.how },
  ];
};

const flowLocation = ({ finding, how }: Step, { zone, place }: Terms) => ({
  location: {
    ...primaryLocation(finding, place),
    message: message(
      sentence(`${finding.title}${how === undefined ? "" : `. ${how}`} [${finding.id}]`, zone),
    ),
  },
  importance: "essential",
});
