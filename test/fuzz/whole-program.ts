import { statusOfFindings, type ExitStatus } from "../../src/command-line/exit-status.ts";
import { replayHost } from "../../src/host/recording.ts";
import { render } from "../../src/report/render.ts";
import { diagnoseHost } from "../../src/requests/diagnose-hosts.ts";
import { otherPagesOf } from "../support/all-pages.ts";
import { mutatedHost } from "./mutated-host.ts";
import { randomFrom } from "./random.ts";
import { BadInput } from "./target.ts";

const VIEWS = ["diagnosis", "timeline", "check", "list"] as const;
const FORMATS = ["text", "markdown", "json"] as const;
/** Nothing of others that moves a cursor or turns text may be on a page. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/** Looks at a host with changed answers, and shows it in every way. Gives what the program would end with. */
export const lookAtMutatedHost = async (
  seed: number,
  vms: readonly string[],
): Promise<ExitStatus> => {
  const host = replayHost(mutatedHost(randomFrom(seed)));
  const answer = await diagnoseHost(host, {
    source: {},
    times: { now: "2025-09-27 05:52:00 UTC" },
    vms,
  });
  if (answer.status === "wrong-usage") return 2;
  if (answer.status === "no-such-vm") return 4;
  if (answer.status !== "diagnosed") return 5;
  for (const view of VIEWS)
    for (const format of FORMATS) {
      const page = render(answer.reports, view, format, { width: 80, colour: false });
      const found = UNPRINTABLE.exec(page);
      if (found !== null)
        throw new BadInput(
          `host ${seed}, ${view} as ${format}: ${JSON.stringify(page.slice(Math.max(0, found.index - 80), found.index + 80))}`,
        );
      if (format === "json") JSON.parse(page);
    }
  for (const [name, page] of Object.entries(otherPagesOf(answer.reports)))
    if (UNPRINTABLE.test(page)) throw new BadInput(`host ${seed}, ${name}`);
  const errors = answer.reports.flatMap(({ diagnosis }) =>
    diagnosis.vms.flatMap(({ outcomes }) => outcomes.filter(({ status }) => status === "error")),
  );
  if (errors.length > 0) throw new BadInput(`host ${seed}: ${JSON.stringify(errors)}`);
  return statusOfFindings(answer.severities, { failOn: "error", complete: answer.complete });
};
