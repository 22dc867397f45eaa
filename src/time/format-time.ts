import { tzOffset } from "@date-fns/tz/tzOffset";
import { millisecondsInMinute } from "date-fns/constants";
import type { Micros } from "../vocabulary.ts";

/** Takes a zone that `isZone` knows; gives date, time and offset there: `2025-09-27 00:41:39 -04:00`. */
export const formatTime = (time: Micros, zone: string): string => {
  const { iso, offset } = localIso(time, zone);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} ${formatOffset(offset)}`;
};

/** The day in `zone`, ISO 8601: `2025-09-27`. */
export const dayOf = (time: Micros, zone: string): string => localIso(time, zone).iso.slice(0, 10);

export interface ClockFormat {
  readonly precision: "seconds" | "milliseconds";
}

/** The time of day in `zone`, cut off and not rounded, as journalctl does: `00:41:39` or `00:41:39.120`. */
export const formatClock = (time: Micros, zone: string, { precision }: ClockFormat): string =>
  localIso(time, zone).iso.slice(11, precision === "seconds" ? 19 : 23);

/** RFC 3339 in UTC with all six digits of the microseconds: `2025-09-27T04:41:39.120000Z`. */
export const formatUtc = (time: Micros): string => {
  const milliseconds = Math.floor(time / 1000);
  const rest = String(time - milliseconds * 1000).padStart(3, "0");
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
};

/**
 * Takes a span in microseconds; gives it with two units at most, rounded to the smaller one:
 * `7.0 s`, `49 min`, `2 h 5 min`, `3 d 4 h`. A negative span gets a minus sign.
 */
export const formatDuration = (micros: number): string => {
  if (micros < 0) return `-${formatDuration(-micros)}`;
  const seconds = micros / 1_000_000;
  if (Math.round(micros) === 0) return "0 s";
  if (Math.round(micros) < 1000) return `${Math.round(micros)} us`;
  if (Math.round(micros / 1000) < 1000) return `${Math.round(micros / 1000)} ms`;
  if (Math.round(seconds * 10) < 600) return `${(Math.round(seconds * 10) / 10).toFixed(1)} s`;
  if (Math.round(seconds) < 3600) return twoUnits(Math.round(seconds), 60, "min", "s");
  if (Math.round(seconds / 60) < 1440) return twoUnits(Math.round(seconds / 60), 60, "h", "min");
  return twoUnits(Math.round(seconds / 3600), 24, "d", "h");
};

/** Whether Intl knows `name` as a zone of the IANA database; offsets and abbreviations are no zones. */
export const isZone = (name: string): boolean => {
  let known = zones.get(name);
  if (known === undefined) {
    known = !isAbbreviation(name) && isKnownToIntl(name);
    zones.set(name, known);
  }
  return known;
};

const localIso = (time: Micros, zone: string): { iso: string; offset: number } => {
  const milliseconds = Math.floor(time / 1000);
  const offset = offsetAt(milliseconds, zone);
  return { iso: new Date(milliseconds + offset * millisecondsInMinute).toISOString(), offset };
};

interface MinuteOffset {
  readonly minute: number;
  readonly offset: number;
}

// A journal is read in order and Intl takes 3 us per call. Since 1973 all transitions lie on full minutes.
const lastOffsets = new Map<string, MinuteOffset>();

const offsetAt = (milliseconds: number, zone: string): number => {
  const minute = Math.floor(milliseconds / millisecondsInMinute);
  const last = lastOffsets.get(zone);
  if (last?.minute === minute) return last.offset;
  const offset = tzOffset(zone, new Date(milliseconds));
  lastOffsets.set(zone, { minute, offset });
  return offset;
};

const formatOffset = (offset: number): string => {
  const minutes = Math.floor(Math.abs(offset));
  return `${offset < 0 ? "-" : "+"}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
};

const twoDigits = (value: number): string => String(value).padStart(2, "0");

const twoUnits = (total: number, size: number, large: string, small: string): string => {
  const rest = total % size;
  return `${Math.floor(total / size)} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
};

const zones = new Map<string, boolean>();

// ICU takes CST, IST or PST for one of the zones that use that abbreviation; the IANA database has only these.
const isAbbreviation = (name: string): boolean =>
  /^[A-Z]{3}$/iu.test(name) &&
  !/^(?:CET|EET|EST|GMT|HST|MET|MST|PRC|ROC|ROK|UCT|UTC|WET)$/iu.test(name);

const isKnownToIntl = (name: string): boolean => {
  if (!/^[A-Z]/iu.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
};
