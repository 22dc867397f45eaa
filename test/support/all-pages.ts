import type { Host } from "../../src/host/host.ts";
import { followedRows } from "../../src/report/followed-rows.ts";
import { render } from "../../src/report/render.ts";
import type { Reports } from "../../src/report/report.ts";
import { renderTimelineLnav } from "../../src/report/timeline-lnav.ts";
import { judgedPage } from "./judged-pages.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import type { Times } from "../../src/requests/request.ts";

const VIEWS = ["diagnosis", "timeline", "check", "list"] as const;
const FORMATS = ["text", "markdown", "json", "html"] as const;

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
export const pagesOf = (reports: Reports): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    VIEWS.flatMap((view) =>
      FORMATS.map((format) => [`${view} as ${format}`, render(reports, view, format, SCREEN)]),
    ),
  ),
  ...otherPagesOf(reports),
});

const SCREEN = { width: 80, colour: false } as const;

/** The forms that only one command has. */
export const otherPagesOf = (reports: Reports): Readonly<Record<string, string>> => ({
  "diagnosis in brief": render(reports, "diagnosis", "text", { ...SCREEN, brief: true }),
  "diagnosis on a narrow screen": render(reports, "diagnosis", "text", { ...SCREEN, width: 40 }),
  "timeline as lnav": renderTimelineLnav(reports),
  "timeline on a narrow screen": render(reports, "timeline", "text", { ...SCREEN, width: 40 }),
  ...Object.fromEntries(
    (["diagnosis", "check"] as const).flatMap((view) =>
      INTERCHANGE.map((format) => [
        `${view} as ${format}`,
        judgedPage(reports, format, { view }).page,
      ]),
    ),
  ),
  ...Object.fromEntries(
    FOLLOWED.map((format) => [
      `timeline followed as ${format}`,
      followedRows({ ...SCREEN, format, newest: Infinity })(reports),
    ]),
  ),
});

const INTERCHANGE = ["sarif", "junit", "prometheus"] as const;
const FOLLOWED = ["text", "json", "lnav"] as const;
