import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  failingSeverities,
  statusOfFindings,
  type FailOn,
} from "../../src/command-line/exit-status.ts";
import { diagnose, judged, renderInterchange } from "../../src/index.ts";
import type { InterchangeFormat } from "../../src/report/interchange.ts";
import type { JudgedView } from "../../src/report/judged.ts";
import type { Reports } from "../../src/report/report.ts";
import type { Request } from "../../src/requests/request.ts";

const INCIDENT_BUNDLE = "fixtures/incidents/secret-never-loaded/evidence.mvb";

interface Asked {
  readonly source?: Request["source"];
  readonly times?: Request["times"];
  readonly vms?: readonly string[];
  /** What a configuration file suppresses. */
  readonly suppress?: readonly object[];
}

/** What a diagnosis of the recorded incident comes to, or of another source. */
export const reportsOf = async ({
  source = { bundle: INCIDENT_BUNDLE },
  times = {},
  vms = ["test-vm"],
  suppress,
}: Asked = {}): Promise<Reports> => {
  const scratch = mkdtempSync(join(tmpdir(), "mvdoctor-judged-"));
  try {
    const config = join(scratch, "config.json");
    if (suppress !== undefined) writeFileSync(config, JSON.stringify({ suppress }));
    const answer = await diagnose({
      source,
      times: { now: "2025-09-27 05:52:00 UTC", ...times },
      vms,
      ...(suppress === undefined ? {} : { config }),
    });
    if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
    return answer.reports;
  } finally {
    rmSync(scratch, { recursive: true });
  }
};

/** The page that a command which judges prints of reports, and the status that it ends with. */
export const judgedPage = (
  reports: Reports,
  format: InterchangeFormat,
  { view = "diagnosis", failOn = "error" }: { view?: JudgedView; failOn?: FailOn } = {},
): { readonly page: string; readonly exit: number } => {
  const { severities, complete } = judged(reports, view);
  const exit = statusOfFindings(severities, { failOn, complete });
  const failing = failingSeverities(failOn);
  return { page: renderInterchange(reports, format, { view, failing, exitStatus: exit }), exit };
};
