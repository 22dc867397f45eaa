import { tzOffset } from "@date-fns/tz/tzOffset";
import { millisecondsInDay, millisecondsInMinute } from "date-fns/constants";
import { type Micros, micros } from "../vocabulary.ts";
import { isZone } from "./format-time.ts";

/** What relative and incomplete spellings are completed from. */
export interface TimeReference {
  readonly now: Micros;
  /** An IANA zone that `isZone` knows. */
  readonly zone: string;
}

/**
 * Takes a timestamp in the grammar of systemd.time(7), "Parsing timestamps", as `journalctl --since` takes it;
 * gives microseconds since 1970 UTC, or `undefined` where systemd refuses it.
 *
 * A local time that a clock change skips is moved forward by the change; one that it repeats is the first of the two,
 * east of Greenwich too, where glibc takes the second: a `--since` must not lose an hour.
 */
export const parseSystemdTime = (text: string, at: TimeReference): Micros | undefined => {
  if (text === "now") return at.now;
  const form = RELATIVE_FORMS.find(({ pattern }) => pattern.test(text));
  const time = form === undefined ? parseAbsolute(text, at) : parseRelative(text, at.now, form);
  return time !== undefined && time >= 0 && time <= LATEST ? micros(time) : undefined;
};

// 9999-12-30 23:59:59 UTC: the last time that systemd takes.
const LATEST = 253_402_214_399_000_000;

interface RelativeForm {
  readonly pattern: RegExp;
  readonly at: (now: number, span: number) => number;
}

// In systemd's order: `+5min ago` has the first form and is none of it.
const RELATIVE_FORMS: readonly RelativeForm[] = [
  { pattern: /^@(?<span>.*)$/su, at: (_now, span) => span },
  { pattern: /^\+(?<span>.*)$/su, at: (now, span) => now + span },
  { pattern: /^-(?<span>.*)$/su, at: (now, span) => now - span },
  { pattern: /^(?<span>.*) ago$/su, at: (now, span) => now - span },
  { pattern: /^(?<span>.*) left$/su, at: (now, span) => now + span },
];

const parseRelative = (text: string, now: Micros, form: RelativeForm): number | undefined => {
  const span = parseSpan(form.pattern.exec(text)?.groups?.["span"] ?? "");
  return span === undefined ? undefined : form.at(now, span);
};

// Longer names first: what matches first is taken.
const UNITS: readonly (readonly [pattern: string, size: number])[] = [
  ["seconds|second|sec|s", 1_000_000],
  ["minutes|minute|min", 60_000_000],
  ["months|month|M", 2_629_800_000_000],
  ["msec|ms", 1000],
  ["m", 60_000_000],
  ["hours|hour|hr|h", 3_600_000_000],
  ["days|day|d", 86_400_000_000],
  ["weeks|week|w", 604_800_000_000],
  ["years|year|y", 31_557_600_000_000],
  ["usec|us|\u03bcs|\u00b5s", 1],
];
const UNIT_SIZES = new Map(
  UNITS.flatMap(([pattern, size]) => pattern.split("|").map((name) => [name, size] as const)),
);
const SPAN_PART = new RegExp(
  `[ \\t\\n\\r]*\\+?(?:(?<whole>\\d+)(?:\\.(?<tenths>\\d+))?|\\.(?<bare>\\d+))` +
    `(?:[ \\t\\n\\r]*(?<unit>${UNITS.map(([pattern]) => pattern).join("|")})|[ \\t\\n\\r]+|$)`,
  "uy",
);

/** "Parsing time spans": `1h 30min`, `1.5h`, `90` (seconds); gives microseconds. */
const parseSpan = (text: string): number | undefined => {
  const end = text.trimEnd().length;
  let span: number | undefined;
  for (let index = 0; index < end; index = SPAN_PART.lastIndex) {
    SPAN_PART.lastIndex = index;
    const part = SPAN_PART.exec(text)?.groups;
    if (part === undefined) return undefined;
    const size = UNIT_SIZES.get(part["unit"] ?? "s") ?? Number.NaN;
    const fraction = fractionOf(part["tenths"] ?? part["bare"] ?? "", size);
    span = (span ?? 0) + Number(part["whole"] ?? 0) * size + fraction;
  }
  return span;
};

// Digit by digit, as systemd does: a part of a microsecond is cut off.
const fractionOf = (digits: string, size: number): number => {
  let fraction = 0;
  let weight = size;
  for (const digit of digits) {
    weight = Math.floor(weight / 10);
    fraction += Number(digit) * weight;
  }
  return fraction;
};

const WITH_OFFSET =
  /^(?<wall>.*\S)(?:(?<welded>Z|[+-]\d\d:?\d\d)| (?<spaced>Z|[+-]\d\d(?::?\d\d)?))$/su;

const parseAbsolute = (text: string, { now, zone }: TimeReference): number | undefined => {
  const shifted = WITH_OFFSET.exec(text)?.groups;
  if (shifted !== undefined) {
    // systemd takes the day of UTC here, whatever the offset.
    const wall = parseWallTime(shifted["wall"] ?? "", dayOf(now, "UTC"));
    const offset = parseOffset(shifted["welded"] ?? shifted["spaced"] ?? "");
    return wall === undefined || offset === undefined ? undefined : wall - offset;
  }
  const { front, last } = splitLastWord(text);
  if (isZone(last)) return instantsOf(parseWallTime(front, dayOf(now, last)), last)[0];
  const plain = instantsOf(parseWallTime(text, dayOf(now, zone)), zone)[0];
  if (plain !== undefined) return plain;
  const instants = instantsOf(parseWallTime(front, dayOf(now, zone)), zone);
  return instants.find((instant) => isCalled(last, instant, zone));
};

const parseOffset = (text: string): number | undefined => {
  if (text === "Z") return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(":", ""))];
  if (hours > 24 || minutes > 59) return undefined;
  const size = (hours * 60 + minutes) * 60_000_000;
  return text.startsWith("-") ? -size : size;
};

const splitLastWord = (text: string): { front: string; last: string } => {
  const space = text.lastIndexOf(" ");
  return { front: text.slice(0, Math.max(space, 0)), last: text.slice(space + 1) };
};

/** Midnight of the day that it is in `zone`, in milliseconds, as if that were UTC. */
const dayOf = (now: Micros, zone: string): number => {
  const milliseconds = Math.floor(now / 1000);
  const local = milliseconds + offsetAt(milliseconds, zone);
  return Math.floor(local / millisecondsInDay) * millisecondsInDay;
};

const offsetAt = (milliseconds: number, zone: string): number =>
  tzOffset(zone, new Date(milliseconds)) * millisecondsInMinute;

/** The instants that a wall clock in `zone` shows as `wall` (microseconds as if UTC), the first one first. */
const instantsOf = (wall: number | undefined, zone: string): readonly number[] => {
  if (wall === undefined) return [];
  const local = Math.floor(wall / 1000);
  const before = offsetAt(local - millisecondsInDay, zone);
  const after = offsetAt(local + millisecondsInDay, zone);
  const offsets = [...new Set([before, after])];
  const hits = offsets.filter((offset) => offsetAt(local - offset, zone) === offset);
  return (hits.length === 0 ? [before] : hits).map((offset) => wall - offset * 1000);
};

// The names of zones are a matter of language for Intl; together these know EDT, CEST, AEST, IST and SAST.
const LANGUAGES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA"];

const isCalled = (name: string, instant: number, zone: string): boolean =>
  /^[A-Z]+$/u.test(name) &&
  LANGUAGES.some((language) =>
    new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "short" })
      .formatToParts(new Date(instant / 1000))
      .some(({ type, value }) => type === "timeZoneName" && value === name),
  );

const DATE = String.raw`(?<year>\d{4}|\d{1,2})-(?<month>\d{1,2})-(?<day>\d{1,2})`;
const SHORT_DATE = String.raw`(?<monthName>[a-z]+)\s+(?<dayOfMonth>\d{1,2})(?=\s+\d+:\d+:)`;
const CLOCK = String.raw`(?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:\.(?<fraction>\d+))?)?`;
const WALL_TIME = new RegExp(
  String.raw`^(?=.*\d)(?:(?<weekday>[a-z]+) )?\s*(?:(?:${DATE}|${SHORT_DATE})(?:$|(?:\s+|T)(?=\d)))?(?:${CLOCK})?$`,
  "iu",
);

/** Takes what is left without a zone, and midnight of today as `dayOf` gives it; gives microseconds as if UTC. */
const parseWallTime = (text: string, today: number): number | undefined => {
  const named = ["yesterday", "today", "tomorrow"].indexOf(text);
  if (named >= 0) return (today + (named - 1) * millisecondsInDay) * 1000;
  const groups = WALL_TIME.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const day = dayFrom(groups, today);
  const clock = clockFrom(groups);
  return day === undefined || clock === undefined ? undefined : day * 1000 + clock;
};

type Groups = Readonly<Record<string, string | undefined>>;

const MONTHS =
  "january february march april may june july august september october november december".split(
    " ",
  );
const WEEKDAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

const dayFrom = (groups: Groups, today: number): number | undefined => {
  const day =
    groups["year"] === undefined && groups["monthName"] === undefined
      ? today
      : dateFrom(groups, today);
  if (day === undefined || groups["weekday"] === undefined) return day;
  return indexOfName(WEEKDAYS, groups["weekday"]) === new Date(day).getUTCDay() ? day : undefined;
};

const dateFrom = (groups: Groups, today: number): number | undefined => {
  const { monthName } = groups;
  const year =
    monthName === undefined ? fullYear(groups["year"] ?? "") : new Date(today).getUTCFullYear();
  const month =
    monthName === undefined ? Number(groups["month"]) : indexOfName(MONTHS, monthName) + 1;
  const day = Number(groups["day"] ?? groups["dayOfMonth"]);
  // February 30 is March 2 for systemd.
  return year >= 1969 && isWithin(month, 1, 12) && isWithin(day, 1, 31)
    ? Date.UTC(year, month - 1, day)
    : undefined;
};

const fullYear = (digits: string): number => {
  const year = Number(digits);
  if (digits.length === 4) return year;
  return year < 69 ? 2000 + year : 1900 + year;
};

const clockFrom = (groups: Groups): number | undefined => {
  const hour = Number(groups["hour"] ?? 0);
  const minute = Number(groups["minute"] ?? 0);
  const second = Number(groups["second"] ?? 0);
  // Leap seconds, as strptime(3) takes them.
  if (hour > 23 || minute > 59 || second > 61) return undefined;
  return (
    ((hour * 60 + minute) * 60 + second) * 1_000_000 + fractionOfSecond(groups["fraction"] ?? "")
  );
};

const fractionOfSecond = (digits: string): number =>
  Number(digits.slice(0, 6).padEnd(6, "0")) + (Number(digits[6] ?? 0) >= 5 ? 1 : 0);

const isWithin = (value: number, low: number, high: number): boolean =>
  low <= value && value <= high;

const indexOfName = (names: readonly string[], word: string): number =>
  names.findIndex((name) => [name, name.slice(0, 3)].includes(word.toLowerCase()));
