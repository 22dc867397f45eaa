import { formatTime } from "../../time/format-time.ts";
import { micros, type Micros } from "../../vocabulary.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
];
const MOST_TICKS = 6;

export interface Tick {
  readonly time: Micros;
  /** `00:45`, or `00:45:10` where seconds matter. */
  readonly clock: string;
  /** `2025-09-27`, at the first tick and where the day is another one. */
  readonly day?: string;
}

/** At most six round times on the host's clock between two moments. */
export const ticksOf = (from: Micros, to: Micros, zone: string): readonly Tick[] => {
  const step =
    STEPS.find((one) => (to - from) / one <= MOST_TICKS) ??
    Math.ceil((to - from) / MOST_TICKS / DAY) * DAY;
  const offset = offsetOf(from, zone);
  const first = Math.ceil((from + offset) / step) * step - offset;
  const times = Array.from({ length: MOST_TICKS + 1 }, (_, index) =>
    micros(first + index * step),
  ).filter((time) => time <= to);
  return times.map((time, index): Tick => {
    const [day, clock] = [dayOf(time, zone), formatTime(time, zone).slice(11, 19)];
    const before = times[index - 1];
    return {
      time,
      clock: step < MINUTE ? clock : clock.slice(0, 5),
      ...(before === undefined || dayOf(before, zone) !== day ? { day } : {}),
    };
  });
};

const dayOf = (time: Micros, zone: string): string => formatTime(time, zone).slice(0, 10);

/** What a zone's clock is ahead of UTC, in microseconds. */
const offsetOf = (time: Micros, zone: string): number => {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/u.exec(formatTime(time, zone)) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE);
};
