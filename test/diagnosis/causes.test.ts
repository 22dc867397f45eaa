import { describe, expect, it } from "vitest";
import { linkCauses, rootCausesOf } from "../../src/diagnosis/causes.ts";
import type { UnweighedFinding } from "../../src/diagnosis/finding.ts";
import { runRules, type Observed } from "../../src/diagnosis/rule-run.ts";
import { unavailable, type EvidenceKey } from "../../src/evidence/evidence.ts";
import { deriveFacts } from "../../src/facts/facts.ts";
import { deriveHistory } from "../../src/facts/history.ts";
import { findSecrets } from "../../src/facts/secrets.ts";
import { RULES } from "../../src/rules/index.ts";
import type { Scope } from "../../src/rules/rule.ts";
import { hostPath, invocationId, type RuleId } from "../../src/vocabulary.ts";
import { collectedEvidence } from "../support/judged.ts";
import {
  denied,
  hostJournal,
  identity,
  line,
  link,
  readOf,
  runner,
  secretFiles,
  size,
  start,
  state,
  store,
  unit,
  vmJournal,
  vmName,
  walkTo,
} from "../support/literals.ts";

const KEY = "/run/secrets/demo/api-key";
const first = invocationId("1".repeat(32));
const second = invocationId("2".repeat(32));

const seen = (id: RuleId, scope: Partial<Scope>): Observed => {
  const rule = RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  return {
    rule,
    observation: {
      title: id,
      explanation: id,
      certainty: "proven",
      subject: {},
      evidence: [line(1, id)],
      scope: { inForce: true, ...scope },
    },
  };
};

const linked = (...observed: readonly Observed[]): readonly UnweighedFinding[] =>
  linkCauses({ observed, history: undefined, secrets: [] });
const causesOf = (found: readonly UnweighedFinding[], id: RuleId): readonly RuleId[] =>
  found.find((one) => one.id === id)?.causedBy.map((cause) => cause.id) ?? [];

describe("an edge", () => {
  it("joins a failed read and a loop that share a start, and no others", () => {
    const loop = seen("lifecycle/crash-loop", { starts: [first] });
    const joined = linked(loop, seen("access/file-mode", { starts: [first] }));
    expect(causesOf(joined, "lifecycle/crash-loop")).toEqual(["access/file-mode"]);
    const apart = linked(loop, seen("access/file-mode", { starts: [second] }));
    expect(causesOf(apart, "lifecycle/crash-loop")).toEqual([]);
    const predicted = linked(loop, seen("access/file-mode", { starts: [] }));
    expect(causesOf(predicted, "lifecycle/crash-loop")).toEqual([]);
  });

  it("joins an empty file and an empty credential of the same secret only", () => {
    const report = seen("guest/empty-credential", { secrets: ["api-key"] });
    const by = (name: string) =>
      causesOf(linked(report, seen("source/empty", { secrets: [name] })), "guest/empty-credential");
    expect(by("api-key")).toEqual(["source/empty"]);
    expect(by("token")).toEqual([]);
  });

  it("never begins at a rule that does not claim the effect", () => {
    const found = linked(
      seen("unrelated/stopped-by-hand", { starts: [first] }),
      seen("lifecycle/crash-loop", { starts: [first] }),
    );
    expect(causesOf(found, "lifecycle/crash-loop")).toEqual([]);
  });
});

describe("roles", () => {
  it("a symptom is no root cause, also where nothing explains it", () => {
    const found = linked(seen("lifecycle/crash-loop", { starts: [first] }));
    expect(found.map(({ role }) => role)).toEqual(["consequence"]);
    expect(rootCausesOf(found)).toEqual([]);
  });

  it("what is in force comes before what an earlier phase left", () => {
    const found = linked(
      seen("access/file-mode", { inForce: false }),
      seen("runner/no-secret-path", {}),
    );
    expect(rootCausesOf(found)).toEqual(["runner/no-secret-path", "access/file-mode"]);
  });

  it("a fault that a later guest got past is a note, one that it did not get past stays", () => {
    const after = (bytes: number) => {
      const journal = vmJournal([
        start(10, { lives: 1, says: [denied(KEY)] }),
        start(900, { says: [size("API_KEY", bytes)] }),
      ]);
      const host = hostJournal();
      return linkCauses({
        observed: [seen("access/file-mode", { phase: 1, inForce: false, secrets: ["api-key"] })],
        history: deriveHistory({ vm: vmName(), vmJournal: journal, hostJournal: host }),
        secrets: findSecrets({ vmJournal: journal }),
      })[0];
    };
    expect(after(44)).toMatchObject({ role: "note", repaired: true });
    expect(after(0)).toMatchObject({ role: "root-cause", repaired: false });
  });
});

describe("evidence that is taken away", () => {
  const whole = collectedEvidence({
    identity,
    hostJournal: hostJournal(),
    vmJournal: vmJournal(
      [10, 17, 24, 31].map((at) => start(at, { lives: 1, says: [denied(KEY)] })),
    ),
    state: state({ current: link("current", store("microvm-qemu-demo-vm")) }),
    runners: { current: runner({ reads: [readOf(KEY)] }) },
    unit: unit(),
    secretFiles: secretFiles(walkTo(KEY)),
    store: { runners: [], rootsSeen: 3, queries: [] },
    generations: { list: [], profile: hostPath("/nix/var/nix/profiles/system") },
  });
  const statuses = (lost: readonly EvidenceKey[]) => {
    const rest = Object.fromEntries(
      lost.map((key) => [key, unavailable("failed", "taken away")] as const),
    );
    const { outcomes } = runRules(RULES, deriveFacts(vmName(), { ...whole, ...rest }));
    return new Map(outcomes.map(({ id, status }) => [id, status]));
  };

  it.each(Object.keys(whole) as EvidenceKey[])(
    "%s: every rule that needs it is skipped and none is silent instead",
    (key) => {
      const found = statuses([key]);
      const needing = RULES.filter(({ requires }) => requires.includes(key));
      expect(needing.filter(({ id }) => found.get(id) !== "skipped")).toEqual([]);
      expect([...found.values()]).not.toContain("error");
    },
  );

  it.each(["unit", "identity", "runners"] as const)(
    "a refusal in the journal is still told without %s",
    (key) => {
      expect(statuses([]).get("access/file-mode")).toBe("fired");
      expect(statuses([key]).get("access/file-mode")).toBe("fired");
    },
  );
});
