import type { Host } from "../../src/host/host.ts";
import { render } from "../../src/report/render.ts";
import type { Reports } from "../../src/report/report.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import type { Times } from "../../src/requests/request.ts";

const VIEWS = ["diagnosis", "timeline", "check", "list"] as const;
const FORMATS = ["text", "markdown", "json"] as const;

/** Every page that one look at a host can be shown as, by view and format. */
export const allPages = async (
  host: Host,
  times: Times = {},
  vms: readonly string[] = [],
): Promise<Readonly<Record<string, string>>> => {
  const answer = await diagnoseHost(host, { source: {}, times, vms });
  if (answer.status !== "diagnosed") throw new Error(JSON.stringify(answer));
  return pagesOf(answer.reports);
};

/** The pages of reports, by view and format. */
export const pagesOf = (reports: Reports): Readonly<Record<string, string>> =>
  Object.fromEntries(
    VIEWS.flatMap((view) =>
      FORMATS.map((format) => [
        `${view} as ${format}`,
        render(reports, view, format, { width: 80, colour: false }),
      ]),
    ),
  );
