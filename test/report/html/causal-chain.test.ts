import { expect, it } from "vitest";
import type { Finding } from "../../../src/diagnosis/finding.ts";
import { causalChain } from "../../../src/report/html/causal-chain.ts";
import { htmlText } from "../../../src/report/html/markup.ts";
import { placesOf, type Telling } from "../../../src/report/html/telling.ts";
import { evidenceNumbers } from "../../../src/report/evidence-numbers.ts";
import type { RuleId } from "../../../src/vocabulary.ts";
import { incidentReports } from "../../support/incident.ts";

const [report] = await incidentReports();
const [vm] = report.diagnosis.vms;
if (vm === undefined || vm.findings[0] === undefined) throw new Error("the incident has findings");
const [like] = vm.findings;

const finding = (id: RuleId, ...causes: readonly RuleId[]): Finding => ({
  ...like,
  id,
  title: `<${id}>`,
  causedBy: causes.map((cause) => ({ id: cause, mechanism: "empty-stays-empty", how: "so it is" })),
});

const chain = (...findings: readonly Finding[]): string => {
  const telling: Telling = {
    report,
    vm,
    numbers: evidenceNumbers([]),
    key: "v1",
    placeOf: placesOf("v1", findings),
  };
  return htmlText(causalChain(findings, telling));
};

it("is a tree below what nothing caused, each finding a link", () => {
  const tree = chain(
    finding("source/empty"),
    finding("access/file-mode", "source/empty"),
    finding("guest/empty-credential", "access/file-mode"),
  );
  expect(tree.match(/<ul/gu)).toHaveLength(3);
  expect([...tree.matchAll(/href="#v1-f(\d)">&lt;/gu)].map(([, place]) => place)).toEqual([
    "1",
    "2",
    "3",
  ]);
});

it("ends where causes go round in a circle", () => {
  const tree = chain(
    finding("source/empty"),
    finding("access/file-mode", "source/empty", "guest/empty-credential"),
    finding("guest/empty-credential", "access/file-mode"),
  );
  expect(tree.match(/so it is/gu)).toHaveLength(2);
});

it("is nothing where nothing caused another", () => {
  expect(chain(finding("source/empty"), finding("access/file-mode"))).toBe("");
});
