import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatClock,
  formatDuration,
  formatTime,
  formatUtc,
  isZone,
} from "../../src/time/format-time.ts";
import { micros } from "../../src/vocabulary.ts";

const NEW_YORK = "America/New_York";
const crash = micros(1_758_948_099_120_034);

describe("a time is shown in the zone of the host", () => {
  test.for([
    [NEW_YORK, "2025-09-27 00:41:39 -04:00"],
    ["UTC", "2025-09-27 04:41:39 +00:00"],
    ["Asia/Kolkata", "2025-09-27 10:11:39 +05:30"],
    ["America/St_Johns", "2025-09-27 02:11:39 -02:30"],
    ["Pacific/Kiritimati", "2025-09-27 18:41:39 +14:00"],
  ] as const)("in %s", ([zone, text]) => {
    expect(formatTime(crash, zone)).toBe(text);
  });

  test("the two halves of a repeated hour differ in the offset", () => {
    const first = Date.parse("2025-11-02T05:30:00Z") * 1000;
    expect(formatTime(micros(first), NEW_YORK)).toBe("2025-11-02 01:30:00 -04:00");
    expect(formatTime(micros(first + 3_600_000_000), NEW_YORK)).toBe("2025-11-02 01:30:00 -05:00");
  });

  test("the clock is cut off and never rounded up", () => {
    const late = micros(crash + 879_900);
    expect(formatClock(late, NEW_YORK, { precision: "seconds" })).toBe("00:41:39");
    expect(formatClock(late, NEW_YORK, { precision: "milliseconds" })).toBe("00:41:39.999");
  });

  test("UTC has all six digits", () => {
    expect(formatUtc(crash)).toBe("2025-09-27T04:41:39.120034Z");
    expect(formatUtc(micros(0))).toBe("1970-01-01T00:00:00.000000Z");
  });

  test("a zone that does not exist is a bug of the caller", () => {
    expect(() => formatTime(crash, "Mars/Olympus")).toThrow(RangeError);
  });
});

describe("a duration has two units at most", () => {
  const [ms, s, min, h, d] = [1e3, 1e6, 60e6, 3600e6, 86_400e6] as const;
  test.for([
    [0, "0 s"],
    [412, "412 us"],
    [999.7, "1 ms"],
    [120 * ms, "120 ms"],
    [999.6 * ms, "1.0 s"],
    [7 * s, "7.0 s"],
    [6.96 * s, "7.0 s"],
    [59.94 * s, "59.9 s"],
    [59.96 * s, "1 min"],
    [49 * min, "49 min"],
    [49 * min + 12 * s, "49 min 12 s"],
    [59 * min + 59.7 * s, "1 h"],
    [2 * h + 5 * min + 20 * s, "2 h 5 min"],
    [23 * h + 59 * min + 40 * s, "1 d"],
    [3 * d + 4 * h + 12 * min, "3 d 4 h"],
    [400 * d, "400 d"],
    [-7 * s, "-7.0 s"],
  ] as const)("%d us is %s", ([span, text]) => {
    expect(formatDuration(span)).toBe(text);
  });
});

describe("a zone is a name of the IANA database", () => {
  test.for(["UTC", NEW_YORK, "Etc/GMT+3", "EST5EDT", "CET", "GB"])("%s is one", (name) => {
    expect(isZone(name)).toBe(true);
  });

  test.for(["", "EDT", "IST", "+01:00", "00:40", "ago", "Mars/Olympus", "../etc/passwd"])(
    "%j is none",
    (name) => {
      expect(isZone(name)).toBe(false);
    },
  );
});

const anyTime = fc.integer({ min: 63_072_000_000_000, max: 4_102_444_800_000_000 }).map(micros);
const anyZone = fc.constantFrom(
  "UTC",
  NEW_YORK,
  "Europe/Dublin",
  "Australia/Lord_Howe",
  "America/St_Johns",
  "Africa/Casablanca",
);

test("Intl shows the same clock for any time and zone", () => {
  fc.assert(
    fc.property(anyTime, anyZone, (time, zone) => {
      const intl = new Intl.DateTimeFormat("sv-SE", {
        timeZone: zone,
        dateStyle: "short",
        timeStyle: "medium",
      });
      expect(formatTime(time, zone).slice(0, 19)).toBe(intl.format(Math.floor(time / 1000)));
    }),
  );
});

const moduleUrl = (name: string): string =>
  new URL(`../../src/time/${name}.ts`, import.meta.url).href;

test("the TZ of the machine that looks changes nothing", () => {
  const script = `
    const { formatTime } = await import("${moduleUrl("format-time")}");
    const { parseSystemdTime } = await import("${moduleUrl("systemd-time")}");
    const now = Date.parse("2025-03-09T06:30:00Z") * 1000;
    const zone = "${NEW_YORK}";
    const times = ["today", "02:30", "2025-11-02 01:30", "2025-03-30 02:30"].map((text) =>
      formatTime(parseSystemdTime(text, { now, zone }), zone));
    console.log(new Date(now / 1000).getHours(), times.join(", "));`;
  const outputs = ["UTC", NEW_YORK, "Europe/Berlin"].map((zone) =>
    spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      env: { ...process.env, TZ: zone },
    }).stdout.trim(),
  );
  const times =
    "2025-03-09 00:00:00 -05:00, 2025-03-09 03:30:00 -04:00, 2025-11-02 01:30:00 -04:00, 2025-03-30 02:30:00 -04:00";
  expect(outputs).toEqual([`6 ${times}`, `1 ${times}`, `7 ${times}`]);
});

test("a long journal is formatted in no time", () => {
  const before = process.cpuUsage();
  for (let line = 0; line < 100_000; line += 1) {
    formatTime(micros(crash + line * 70_000_000), NEW_YORK);
  }
  expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
});
