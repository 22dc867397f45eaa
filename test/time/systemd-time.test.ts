import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime, formatUtc } from "../../src/time/format-time.ts";
import { parseSystemdTime, type TimeReference } from "../../src/time/systemd-time.ts";
import { type Micros, micros } from "../../src/vocabulary.ts";

const NEW_YORK = "America/New_York";

const at = (utc: string, zone: string): TimeReference => ({
  now: micros(Date.parse(utc) * 1000),
  zone,
});

/** The morning of the incident: Saturday, 01:52 in New York. */
const incident = at("2025-09-27T05:52:00Z", NEW_YORK);

const read = (text: string, reference: TimeReference = incident): string | undefined => {
  const time = parseSystemdTime(text, reference);
  return time === undefined ? undefined : formatUtc(time);
};

describe("a timestamp is read as systemd.time(7) says", () => {
  test.for([
    ["2025-09-27 00:40", "2025-09-27T04:40:00.000000Z"],
    ["2025-09-27 00:40:05", "2025-09-27T04:40:05.000000Z"],
    ["2025-09-27 00:40:05.123456", "2025-09-27T04:40:05.123456Z"],
    ["2025-09-27 00:40:05.1", "2025-09-27T04:40:05.100000Z"],
    ["2025-09-27 00:40:05.1234567", "2025-09-27T04:40:05.123457Z"],
    ["2025-09-27", "2025-09-27T04:00:00.000000Z"],
    ["25-09-27", "2025-09-27T04:00:00.000000Z"],
    ["2025-9-7 1:2", "2025-09-07T05:02:00.000000Z"],
    ["00:40", "2025-09-27T04:40:00.000000Z"],
    ["00:40:05.5", "2025-09-27T04:40:05.500000Z"],
    ["Sat 2025-09-27 00:40", "2025-09-27T04:40:00.000000Z"],
    ["saturday 00:40", "2025-09-27T04:40:00.000000Z"],
    ["Sep 27 00:41:39", "2025-09-27T04:41:39.000000Z"],
    ["2025-02-30", "2025-03-02T05:00:00.000000Z"],
    ["2025-09-27 23:59:60", "2025-09-28T04:00:00.000000Z"],
    ["now", "2025-09-27T05:52:00.000000Z"],
    ["today", "2025-09-27T04:00:00.000000Z"],
    ["yesterday", "2025-09-26T04:00:00.000000Z"],
    ["tomorrow", "2025-09-28T04:00:00.000000Z"],
    ["-5min", "2025-09-27T05:47:00.000000Z"],
    ["+1h30min", "2025-09-27T07:22:00.000000Z"],
    ["5min ago", "2025-09-27T05:47:00.000000Z"],
    ["2h 30min left", "2025-09-27T08:22:00.000000Z"],
    ["-90", "2025-09-27T05:50:30.000000Z"],
    ["-1.5h", "2025-09-27T04:22:00.000000Z"],
    ["-1M", "2025-08-27T19:22:00.000000Z"],
    ["+5µs", "2025-09-27T05:52:00.000005Z"],
    ["@1758948099.5", "2025-09-27T04:41:39.500000Z"],
    ["@0", "1970-01-01T00:00:00.000000Z"],
  ] as const)("%s", ([text, utc]) => {
    expect(read(text)).toBe(utc);
  });
});

describe("a zone or an offset behind the time replaces the zone of the host", () => {
  test.for([
    ["2025-09-27T05:52:00Z", "2025-09-27T05:52:00.000000Z"],
    ["2025-09-27T05:52:00.120000Z", "2025-09-27T05:52:00.120000Z"],
    ["2025-09-27T01:52:00-04:00", "2025-09-27T05:52:00.000000Z"],
    ["2025-09-27T01:52:00-0400", "2025-09-27T05:52:00.000000Z"],
    ["2025-09-27 11:22:00 +05:30", "2025-09-27T05:52:00.000000Z"],
    ["2025-09-27 07:52 +02", "2025-09-27T05:52:00.000000Z"],
    ["2025-09-27 05:52:00 UTC", "2025-09-27T05:52:00.000000Z"],
    ["2025-09-27 01:52 America/New_York", "2025-09-27T05:52:00.000000Z"],
    ["Sat 2025-09-27 14:52:00.5 Asia/Tokyo", "2025-09-27T05:52:00.500000Z"],
    ["today UTC", "2025-09-27T00:00:00.000000Z"],
    ["tomorrow Pacific/Auckland", "2025-09-27T12:00:00.000000Z"],
    ["00:40 Asia/Tokyo", "2025-09-26T15:40:00.000000Z"],
    ["Sat 2025-09-27 00:41:39 EDT", "2025-09-27T04:41:39.000000Z"],
  ] as const)("%s", ([text, utc]) => {
    expect(read(text)).toBe(utc);
  });

  test("systemctl's CEST is understood on a host in Berlin", () => {
    const berlin = at("2025-09-27T05:52:00Z", "Europe/Berlin");
    expect(read("Sat 2025-09-27 06:41:39 CEST", berlin)).toBe("2025-09-27T04:41:39.000000Z");
  });

  test("an abbreviation that the zone does not use at that time is refused", () => {
    expect(read("2025-01-05 00:40 EDT")).toBeUndefined();
    expect(read("2025-09-27 00:40 CEST")).toBeUndefined();
    expect(read("2025-09-27 00:40 IST")).toBeUndefined();
  });
});

describe("what systemd refuses is undefined", () => {
  test.for([
    "",
    " ",
    "ago",
    "+",
    "@",
    "UTC",
    "yesterday evening",
    "TODAY",
    "now UTC",
    "today 00:40",
    "Fri 2025-09-27",
    "Sunday 00:40",
    "Sat",
    "2025-09-27 ",
    "2025-09-27 24:00",
    "2025-09-27 00:60",
    "2025-09-27 23:59:62",
    "2025-09-27 00:40:05.",
    "2025-09-32",
    "2025-13-01",
    "2025-00-01",
    "2025-09-2700:40x",
    "Sep 27",
    "Sept 27 00:41:39",
    "0070-01-01",
    "1969-12-31",
    "9999-12-31",
    "125-09-27",
    "@-5",
    "@5.",
    "+5 MIN",
    "+1h -5min",
    "+12.34.56",
    "+infinity",
    "+5min ago",
    "99999y ago",
    "2025-09-27 05:52:00 Mars/Olympus",
    "2025-09-27T05:52:00+25:00",
  ])("%j", (text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe("where the clock changes", () => {
  test("a time that comes twice is the first of the two", () => {
    expect(read("2025-11-02 01:30")).toBe("2025-11-02T05:30:00.000000Z");
    const berlin = at("2025-09-27T05:52:00Z", "Europe/Berlin");
    expect(read("2025-10-26 02:30", berlin)).toBe("2025-10-26T00:30:00.000000Z");
  });

  test("the abbreviation picks one of the two", () => {
    expect(read("2025-11-02 01:30 EDT")).toBe("2025-11-02T05:30:00.000000Z");
    expect(read("2025-11-02 01:30 EST")).toBe("2025-11-02T06:30:00.000000Z");
  });

  test("a time that is skipped moves forward by the change", () => {
    expect(read("2025-03-09 02:30")).toBe("2025-03-09T07:30:00.000000Z");
  });

  test("a day without a midnight begins at its first moment", () => {
    const havana = at("2025-03-09T18:00:00Z", "America/Havana");
    expect(read("today", havana)).toBe("2025-03-09T05:00:00.000000Z");
  });

  test("yesterday is the day before and not 24 hours before", () => {
    expect(read("yesterday", at("2025-11-03T04:30:00Z", NEW_YORK))).toBe(
      "2025-11-01T04:00:00.000000Z",
    );
  });

  test("a bare time means the day that it is in the zone and not the day of UTC", () => {
    expect(read("00:40", at("2025-09-27T03:00:00Z", NEW_YORK))).toBe("2025-09-26T04:40:00.000000Z");
  });
});

const anyTime = fc.integer({ min: 0, max: 4_102_444_800_000_000 }).map(micros);
const anyZone = fc.constantFrom(
  "UTC",
  NEW_YORK,
  "Europe/Berlin",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "America/St_Johns",
);

describe("properties", () => {
  test("what formatUtc writes is read back to the microsecond", () => {
    fc.assert(
      fc.property(anyTime, anyZone, (time, zone) => {
        expect(parseSystemdTime(formatUtc(time), { now: incident.now, zone })).toBe(time);
      }),
    );
  });

  test("what formatTime writes is read back to the second, in whatever zone", () => {
    fc.assert(
      fc.property(anyTime, anyZone, anyZone, (time, shown, zone) => {
        const second = time - (time % 1_000_000);
        expect(parseSystemdTime(formatTime(time, shown), { now: incident.now, zone })).toBe(second);
      }),
    );
  });

  test("any text gives a time or undefined and never throws", () => {
    const pieces = fc.constantFrom(
      ..."2025-09-27|00:40|:05|.5| |T|Z|+02|-5|min|ago|@|Sat |Sep |UTC|EDT|today|1h|99999999999999999999".split(
        "|",
      ),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const time = parseSystemdTime(text, incident) ?? 0;
        expect(Number.isFinite(time) && time >= 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).error === undefined;
const isSkipped = !hasAnalyze && process.env["CI"] !== "true";
const note = isSkipped ? " (skipped: systemd-analyze is not installed)" : "";

/** What the real systemd makes of `text` on a host in `zone`. */
const askSystemd = (text: string, zone: string): number | undefined => {
  const { error, stdout } = spawnSync("systemd-analyze", ["timestamp", "--", text], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], TZ: zone, LC_ALL: "C" },
  });
  if (error !== undefined) throw error;
  const [, seconds, fraction] = /UNIX seconds: @(\d+)(?:\.(\d+))?/u.exec(stdout) ?? [];
  if (seconds === undefined) return undefined;
  return Number(seconds) * 1_000_000 + Number((fraction ?? "").padEnd(6, "0"));
};

const clock = (): Micros => micros(Date.now() * 1000);

describe.skipIf(isSkipped)(`the real systemd-analyze agrees${note}`, () => {
  const spellings = [
    ..."now|today|yesterday|tomorrow|tomorrow UTC|00:40|00:40:05.5|00:40 UTC|now UTC|today 00:40".split(
      "|",
    ),
    ..."2025-09-27|12-11-23|70-01-02|69-01-01|68-01-01|5-09-27|2025-02-30|2025-09-32|2025-13-01".split(
      "|",
    ),
    ..."2025-09-27 00:40|2025-09-27 00:40:05|2025-09-27 00:40:05.1|2025-09-27 00:40:05.123456".split(
      "|",
    ),
    ..."2025-09-27 00:40:05.9999999|2025-09-27 00:40:05.|2025-09-27 24:00|2025-09-27 23:59:60".split(
      "|",
    ),
    ..."2025-09-27  00:40| 2025-09-27|2025-9-7 1:2|2025-09-27 05:52:00 UTC|2025-09-27 UTC UTC".split(
      "|",
    ),
    ..."Sat 2025-09-27|saturday 2025-09-27 00:40|Fri 2025-09-27|Sat|Sun 2025-02-30|Sat,2025-09-27".split(
      "|",
    ),
    ..."Sep 27 00:40:00|september 27 00:40:00.25|Sep 27|Sept 27 00:40:00|1969-12-30|9999-12-31|TODAY".split(
      "|",
    ),
    ..."+1h30min|-5min|- 5min|5min ago|2h 30min left|5 3 ago|-1min30|+1w 2d|+1month|+1M|+1m|+5 MIN".split(
      "|",
    ),
    ..."+1.5h .5s|+0.1234567s|+1.9month|+12.34.56|+12.34 .56|+1h -5min|+1h +5min|+5min ago|+5e3|ago".split(
      "|",
    ),
    ..."@0|@1758948099.5|@1758948099.1234567|@1d|@.5|@5.|@-5|@|+infinity|99999y ago|+5µs|UTC".split(
      "|",
    ),
  ];

  test.for(spellings)("%j", (text) => {
    const early = parseSystemdTime(text, { now: clock(), zone: NEW_YORK });
    const systemd = askSystemd(text, NEW_YORK);
    const late = parseSystemdTime(text, { now: micros(clock() + 1000), zone: NEW_YORK });
    expect(early === undefined).toBe(systemd === undefined);
    expect(early ?? 0).toBeLessThanOrEqual(systemd ?? 0);
    expect(late ?? 0).toBeGreaterThanOrEqual(systemd ?? 0);
  });

  test.for([
    ["2025-11-02 01:30", NEW_YORK],
    ["2025-03-09 02:30", NEW_YORK],
    ["2025-11-02 00:30", "America/Havana"],
    ["2025-03-09", "America/Havana"],
    ["2025-03-30 02:30", "Europe/Berlin"],
    ["2025-10-05 02:15", "Australia/Lord_Howe"],
    ["2010-11-06 23:30", "America/St_Johns"],
  ] as const)("a change of the clock: %s in %s", ([text, zone]) => {
    expect(parseSystemdTime(text, { now: clock(), zone })).toBe(askSystemd(text, zone));
  });

  // systemd 252 cannot read these itself: the zone where it may not rename its process, RFC 3339 at all.
  test.for([
    ["2025-09-27 00:40 Asia/Tokyo", "2025-09-27 00:40", "Asia/Tokyo"],
    ["Sat 2025-09-27 00:40:05.5 Europe/Berlin", "2025-09-27 00:40:05.5", "Europe/Berlin"],
    ["2025-09-27T05:52:00Z", "2025-09-27 05:52:00", "UTC"],
    ["2025-09-27T01:52:00-04:00", "2025-09-27 01:52:00", NEW_YORK],
  ] as const)("%s is %s on a host in %s", ([text, plain, zone]) => {
    expect(parseSystemdTime(text, { now: clock(), zone: NEW_YORK })).toBe(askSystemd(plain, zone));
  });
});
