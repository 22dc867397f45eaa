import type { Host } from "../../src/host/host.ts";
import type { Report } from "../../src/report/report.ts";
import { diagnoseHost, render, type Times } from "../../src/index.ts";

const VIEWS = ["diagnosis", "timeline", "check"] as const;
const FORMATS = ["text", "markdown", "json"] as const;

/** Every page that one look at a host can be shown as, by view and format. */
export const allPages = async (
  host: Host,
  times: Times = {},
  vms: readonly string[] = [],
): Promise<Readonly<Record<string, string>>> => {
  const answer = await diagnoseHost(host, { source: {}, times, vms });
  if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
  return pagesOf(answer.report);
};

/** The pages of a report, by view and format. */
export const pagesOf = (report: Report): Readonly<Record<string, string>> =>
  Object.fromEntries(
    VIEWS.flatMap((view) =>
      FORMATS.map((format) => [
        `${view} as ${format}`,
        render(report, view, format, { width: 80, colour: false }),
      ]),
    ),
  );
