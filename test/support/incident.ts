import type { Reports } from "../../src/report/report.ts";
import { diagnose } from "../../src/requests/diagnose.ts";

const BUNDLE = "fixtures/incidents/secret-never-loaded/evidence.mvb";

type Source = Parameters<typeof diagnose>[0]["source"];

/** What `mvdoctor diagnose test-vm` finds in the recorded incident, or in another source with it. */
export const incidentReports = async (source: Source = { bundle: BUNDLE }): Promise<Reports> => {
  const answer = await diagnose({
    source,
    times: { now: "2025-09-27 01:52:00" },
    vms: ["test-vm"],
  });
  if (answer.status !== "diagnosed") throw new Error(`not diagnosed: ${answer.status}`);
  return answer.reports;
};
