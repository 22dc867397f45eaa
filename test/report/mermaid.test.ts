import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Finding, PhaseAccount } from "../../src/diagnosis/finding.ts";
import { causesDiagram } from "../../src/report/mermaid-causes.ts";
import { phasesDiagram } from "../../src/report/mermaid-phases.ts";
import { label } from "../../src/report/mermaid-text.ts";
import { micros, type RuleId } from "../../src/vocabulary.ts";
import { vmName } from "../support/literals.ts";

const HOUR = 3_600_000_000;
const START = Date.UTC(2025, 8, 27, 4) * 1000;

const phase = (index: number, more: Partial<PhaseAccount> = {}): PhaseAccount => ({
  index,
  kind: "running",
  start: micros(START + index * HOUR),
  end: micros(START + (index + 1) * HOUR),
  title: "The VM ran",
  configuration: "",
  result: "",
  invocations: 1,
  evidence: [],
  quotes: [],
  ...more,
});

const drawn = (phases: readonly PhaseAccount[], zone = "America/New_York"): string =>
  phasesDiagram({ vm: vmName(), phases }, zone, micros(START + 100 * HOUR)).join("\n");

const MEANINGFUL = "\"'`#;:,&<>|[]{}()-=\n\r\t%\\/*_~^@";
const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(...MEANINGFUL.split("")),
    fc.constantFrom("--", "%%", "-->", "end", "click", "```", "<br/>", "#quot;"),
  ),
});

it("a label holds nothing that means something to Mermaid, whatever it was made of", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(label(text)).toMatch(/^(?:[A-Za-z0-9 ,./()-]|#\d+;)*$/u);
    }),
  );
});

it("a label shortens what nobody could read in a box", () => {
  expect(label(`/nix/store/${"a".repeat(32)}-runner`)).toBe("/nix/store/aaaa...-runner");
  expect(label("x".repeat(1000))).toHaveLength(160);
});

it("a phase that goes on ends with the journal", () => {
  const open = phase(2);
  const { end: _, ...going } = open;
  expect(drawn([phase(1), going])).toContain(":active, 2025-09-27 02:00:00, 2025-10-01 04:00:00\n");
});

it("phases over a change of the clock are drawn in UTC", () => {
  const later = phase(2, { start: micros(START + 2000 * HOUR), end: micros(START + 2001 * HOUR) });
  expect(drawn([phase(1), later])).toMatch(
    /title Phases of demo-vm \(UTC\)\n[\s\S]*2025-09-27 05:00:00,/u,
  );
  expect(drawn([phase(1), phase(2)])).toContain("(America/New#95;York)");
});

it("of very many phases the first and the last are drawn, and how many are not is said", () => {
  const many = drawn(Array.from({ length: 500 }, (_, index) => phase(index + 1)));
  expect(many).toContain("section Phase 12\n");
  expect(many).not.toContain("section Phase 13\n");
  expect(many).toContain("section Phase 489\n");
  expect(many).toContain("The diagram leaves out 476 phases in the middle.");
});

it("one phase alone is no diagram", () => {
  expect(drawn([phase(1)])).toBe("");
});

const finding = (id: RuleId, more: Partial<Finding> = {}): Finding => ({
  id,
  role: "consequence",
  severity: "error",
  certainty: "proven",
  title: `${id} was seen`,
  explanation: "",
  subject: {},
  causedBy: [],
  scope: { inForce: true },
  evidence: [{ kind: "command", argv: ["true"], exitCode: 0 }],
  misleading: [],
  repaired: false,
  remedies: [],
  ...more,
});
const causedBy = (id: RuleId): Pick<Finding, "causedBy"> => ({
  causedBy: [{ id, mechanism: "empty-stays-empty", how: "it stays empty" }],
});

it("the causal chain has a box for each rule and an arrow for each mechanism, once", () => {
  const [flow] = causesDiagram(
    {
      findings: [
        finding("source/empty", { role: "root-cause" }),
        finding("guest/empty-credential", causedBy("source/empty")),
        finding("guest/empty-credential", causedBy("source/empty")),
        finding("exposure/world-readable"),
      ],
    },
    "UTC",
  );
  expect(flow?.match(/n\d\[/gu)).toHaveLength(2);
  expect(flow?.match(/-->/gu)).toHaveLength(1);
  expect(flow).toContain("guest/empty-credential was seen (and 1 more)");
  expect(flow).toContain("class n1 root");
});

it("where nothing caused another there is no causal chain", () => {
  expect(causesDiagram({ findings: [finding("source/empty")] }, "UTC")).toEqual([]);
});
