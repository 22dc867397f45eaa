import { describe, expect, it } from "vitest";
import { runRules } from "../../src/diagnosis/rule-run.ts";
import { defineRule } from "../../src/rules/rule.ts";
import { knowledgeOf } from "../support/judged.ts";
import { unit, vmJournal, hostJournal, start } from "../support/literals.ts";

const docs = {
  what: "It is so.",
  why: "It matters.",
  proof: "It shows.",
  ruledOut: "It does not show.",
  confusedWith: [],
  repair: "Repair it.",
  sources: [],
};

const rule = defineRule({
  id: "guest/one-of-two",
  severity: "info",
  part: "note",
  docs,
  requires: ["vm"],
  optional: ["unit", "vmJournal", "platform"],
  anyOf: ["unit", "vmJournal"],
  *check() {},
});

const outcome = (evidence: Parameters<typeof knowledgeOf>[0]) =>
  runRules([rule], knowledgeOf(evidence)).outcomes[0];

describe("a rule that needs one of several pieces of evidence", () => {
  it("is asked with any of them", () => {
    expect(outcome({ unit: unit() })?.status).toBe("silent");
    const journal = { vmJournal: vmJournal([start(10)]), hostJournal: hostJournal() };
    expect(outcome(journal)?.status).toBe("silent");
  });

  it("is skipped without all of them, and says which", () => {
    expect(outcome({})).toEqual({
      id: "guest/one-of-two",
      status: "skipped",
      missing: ["unit", "vmJournal"],
    });
  });
});
