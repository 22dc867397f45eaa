import { newsOf, type News } from "../diagnosis/news.ts";
import type { Report } from "../report/report.ts";
import type { Severity } from "../vocabulary.ts";
import { follow, type Pace } from "./follow.ts";
import type { Refusal, Request } from "./request.ts";

/** What one look brought, or why none could be taken; a refusal behind the first look is followed by other looks. */
export type Watched =
  | {
      readonly status: "looked";
      readonly report: Report;
      readonly news: readonly News[];
    }
  | Refusal;

/** A look costs what a diagnosis costs: it takes a quarter of the time at most, and none more often than this. */
const WATCH: Pace = { least: 3000, rest: 3, silence: 60_000, goesOn: true };

/**
 * Looks at one host for as long as it is wanted and tells what became true of its VMs and what no longer is. Without a window it is the
 * boot that is the last one, so that a look does not cost more with each boot that the journal keeps.
 */
export async function* watch(request: Request, least: Severity): AsyncGenerator<Watched> {
  const fresh = newsOf(least);
  for await (const answer of follow({ ...request, times: windowed(request.times) }, WATCH)) {
    if (answer.status !== "diagnosed") {
      yield answer;
      continue;
    }
    const [report] = answer.reports;
    yield { status: "looked", report, news: fresh(report.diagnosis) };
  }
}

const windowed = (times: Request["times"]): Request["times"] =>
  times.since === undefined && times.boot === undefined ? { ...times, boot: "0" } : times;
