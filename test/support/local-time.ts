import { TZDate } from "@date-fns/tz";
import * as v from "valibot";

const LOCAL_TIME = /^(?:(\d{4})-(\d{2})-(\d{2}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$/u;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|min)$/u;
const MICROS_PER = { ms: 1_000, s: 1_000_000, min: 60_000_000 } as const;

/** `00:41:39.120` on the scenario's date, or with a date in front: `2025-09-26 20:14:05`. */
export const localTime = v.pipe(
  v.string(),
  v.regex(LOCAL_TIME, "a time is written as 00:41:39 or 00:41:39.120"),
);

/** `250ms`, `7s`, `15min`, in microseconds. */
export const duration = v.pipe(
  v.string(),
  v.regex(DURATION, "a duration is written as 250ms, 7s or 15min"),
  v.transform((value) => {
    const [, amount, unit] = DURATION.exec(value) ?? [];
    return Math.round(
      Number(amount) * (unit === "ms" || unit === "s" || unit === "min" ? MICROS_PER[unit] : 0),
    );
  }),
);

/** Reads a scenario's times in the zone of its host; the result is microseconds since 1970. */
export const clockOf =
  ({ date, zone }: { readonly date: string; readonly zone: string }) =>
  (time: string): number => {
    const match = LOCAL_TIME.exec(time);
    if (match === null) throw new RangeError(`no local time: ${time}`);
    const [year = 0, month = 0, day = 0] = (
      match[1] === undefined ? date.split("-") : match.slice(1, 4)
    ).map(Number);
    const [hours = 0, minutes = 0, seconds = 0] = match.slice(4, 7).map(Number);
    const millis = new TZDate(year, month - 1, day, hours, minutes, seconds, zone).getTime();
    return millis * 1_000 + Number((match[7] ?? "").padEnd(6, "0"));
  };
