import { parseSystemdTime } from "../time/systemd-time.ts";
import type { Micros } from "../vocabulary.ts";
import type { Times, WrongUsage } from "./request.ts";

interface Clock {
  readonly zone: string;
  readonly clock: Micros;
  /** What a bare time is the day of, where `--now` is not given. */
  readonly base: Micros;
}

type ResolvedTimes =
  | {
      readonly status: "resolved";
      readonly now: Micros;
      readonly window: { readonly since?: Micros; readonly until?: Micros };
    }
  | WrongUsage;

/** The moments that the texts of a request mean on a host. */
export const resolveTimes = (times: Times, { zone, clock, base }: Clock): ResolvedTimes => {
  const fixed = times.now === undefined ? clock : parseSystemdTime(times.now, { now: base, zone });
  if (fixed === undefined) return wrong("--now", times.now ?? "");
  const at = { now: times.now === undefined ? base : fixed, zone };
  const since = times.since === undefined ? undefined : parseSystemdTime(times.since, at);
  const until = times.until === undefined ? undefined : parseSystemdTime(times.until, at);
  if (times.since !== undefined && since === undefined) return wrong("--since", times.since);
  if (times.until !== undefined && until === undefined) return wrong("--until", times.until);
  if (since !== undefined && until !== undefined && since > until) {
    return { status: "wrong-usage", message: "--since lies behind --until" };
  }
  return {
    status: "resolved",
    now: fixed,
    window: {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    },
  };
};

const wrong = (flag: string, text: string): ResolvedTimes => ({
  status: "wrong-usage",
  message: `${flag} ${JSON.stringify(text)} is no time that systemd.time(7) knows`,
  hint: 'for example "00:40", "2025-09-27 00:40:00", "yesterday" or "-2h"',
});
