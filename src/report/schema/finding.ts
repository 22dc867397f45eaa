import * as v from "valibot";
import { evidenceIds, flag, list, oneOf, ruleId, severity, text } from "./pieces.ts";

const role = oneOf(
  ["root-cause", "consequence", "contributing", "risk", "note"],
  "Its part in the story.",
);

const subject = v.pipe(
  v.record(v.string(), v.union([v.string(), v.number()])),
  v.description("What it is about, as key and value: `path`, `credential`, `runner`, `unit`, ..."),
);

export const remedy = v.pipe(
  v.object({
    title: text("What to do."),
    kind: oneOf(["nix", "command", "advice"], "What `snippet` is."),
    snippet: text("To be copied."),
    clears: list(ruleId, "The findings that it takes away."),
    leaves: list(ruleId, "The findings that stay."),
    cost: text("What it costs or needs."),
    checked: flag(
      "It was applied to the evidence and the rules were asked again; false where its own word was taken.",
    ),
  }),
  v.title("One way to repair something"),
);

export const finding = v.pipe(
  v.object({
    id: ruleId,
    role,
    severity,
    certainty: oneOf(["proven", "strong", "weak"], "How sure it is, given the evidence."),
    title: text("What is so, in one sentence."),
    explanation: text("How that is known and what it does, in full sentences."),
    subject,
    causedBy: list(ruleId, "The findings that brought it about."),
    mechanisms: list(
      v.object({
        id: ruleId,
        mechanism: text("How the one brings the other about, as a word."),
        how: text("The same as a sentence."),
      }),
      "The same with how each brought it about.",
    ),
    phase: v.pipe(
      v.nullable(v.pipe(v.number(), v.integer())),
      v.description(
        "The `index` of the phase that it belongs to; null for what holds at all times.",
      ),
    ),
    inForce: flag("It holds now, and not only in an earlier phase."),
    repaired: flag("A later phase got past it."),
    secrets: v.exactOptional(list(v.string(), "The names of the secrets that it is about.")),
    evidence: v.pipe(evidenceIds, v.minLength(1)),
    remedies: list(remedy, "Ways to repair it."),
    misleading: v.exactOptional(
      list(
        v.object({
          title: text("What many would try first."),
          why: text("Why it does not help."),
        }),
        "What does not help.",
      ),
    ),
  }),
  v.title("What one rule concludes from evidence"),
);

export const suppressed = v.pipe(
  v.object({
    id: ruleId,
    role,
    severity,
    subject,
    inForce: flag("It holds now, and not only in an earlier phase."),
    reason: text("Why it is accepted."),
    until: text("The last day on which that holds, ISO 8601."),
    through: v.exactOptional(
      v.pipe(v.string(), v.description("The suppressed finding that it follows from.")),
    ),
  }),
  v.title("A finding that does not count, because the configuration says so"),
);

export const rootCauses = list(
  ruleId,
  "What stands between the VM and its secrets, in the order in which a repair would meet it; then causes of earlier phases that are not repaired. Never a symptom.",
);
