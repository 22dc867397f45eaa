import { describe, expect, it } from "vitest";
import type { VmDiagnosis } from "../../../src/diagnosis/finding.ts";
import { sceneOf, type Scene } from "../../../src/report/html/timeline-scene.ts";
import type { Diagnosis } from "../../../src/diagnosis/diagnose.ts";
import { micros } from "../../../src/vocabulary.ts";
import { incidentReports } from "../../support/incident.ts";

const MINUTE = 60_000_000;
const [report] = await incidentReports();
const [incident] = report.diagnosis.vms;
if (incident === undefined) throw new Error("the incident is one of a VM");
const FIRST = incident.phases[0]?.start ?? 0;

const scene = (
  vm: Partial<VmDiagnosis> = {},
  coverage: Partial<Diagnosis["coverage"]> = {},
): Scene => {
  const { diagnosis } = report;
  const changed = {
    ...report,
    diagnosis: { ...diagnosis, coverage: { ...diagnosis.coverage, ...coverage } },
  };
  const made = sceneOf({ ...incident, ...vm }, changed);
  if (made === undefined) throw new Error("the incident has a time");
  return made;
};

const [row] = incident.timeline;
const switchAt = (minutes: number) =>
  row === undefined
    ? []
    : [{ ...row, kind: "host" as const, time: micros(FIRST + minutes * MINUTE) }];

describe("what is drawn of a VM's story", () => {
  it("goes from the first start to the last entry, with each start, and leaves nothing out", () => {
    const { from, to, starts, leftOut } = scene();
    expect(from).toBeLessThan(FIRST);
    expect(to).toBeGreaterThan(report.diagnosis.coverage.last ?? 0);
    expect(starts.kind === "marks" && starts.marks.map(({ outcome }) => outcome)).toEqual([
      ...Array.from({ length: 26 }, () => "failed"),
      "running",
    ]);
    expect(leftOut).toEqual([]);
  });

  it("begins with a switch shortly before the first start", () => {
    const { from, events } = scene({ timeline: [...switchAt(-10), ...incident.timeline] });
    expect(from).toBeLessThan(FIRST - 10 * MINUTE);
    expect(events[0]?.time).toBe(FIRST - 10 * MINUTE);
  });

  it("does not reach back to a switch of last month, and says so", () => {
    const { from, leftOut } = scene({ timeline: [...switchAt(-43_200), ...incident.timeline] });
    expect(from).toBeGreaterThan(FIRST - 10 * MINUTE);
    expect(leftOut).toEqual(["1 earlier event is in the list, and not drawn."]);
  });

  it("is the same for rows that come newest first", () => {
    expect(
      scene({
        timeline: incident.timeline.toReversed(),
        phases: incident.phases.toReversed(),
      }),
    ).toEqual(scene());
  });

  it("begins with the phases that are asked for, and says how many starts lie before", () => {
    const { starts, leftOut } = scene({ phases: incident.phases.slice(2), timeline: [] });
    expect(starts.kind === "marks" && starts.marks.map(({ outcome }) => outcome)).toEqual([
      "running",
    ]);
    expect(leftOut).toEqual(["26 earlier starts are not drawn."]);
  });

  it("shows where the journal lacks entries", () => {
    const hole = { since: micros(FIRST + MINUTE), until: micros(FIRST + 2 * MINUTE) };
    expect(scene({}, { holes: [hole] }).holes).toEqual([hole]);
  });

  it("is nothing for a VM that was never started", () => {
    expect(sceneOf({ ...incident, phases: [] }, report)).toBeUndefined();
  });
});
