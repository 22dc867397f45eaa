import { formatUtc } from "../time/format-time.ts";
import type { Micros } from "../vocabulary.ts";
import { jsonLedger } from "./ledger.ts";
import { hostName, type Report, type Reports } from "./report.ts";
import { plain } from "./words.ts";

/**
 * Who was looked at, in which span, and what was to be seen there. Of several hosts that is the widest span, the sum of boots and each
 * gap with its host, and `hosts` tells it of each.
 */
export const jsonLookedAt = (reports: Reports) =>
  reports.length === 1
    ? jsonOne(reports[0])
    : {
        ...jsonTogether(reports),
        hosts: reports.map((report, index) => jsonNamed(report, linesBefore(reports, index))),
      };

/** `before`: the lines of the ledgers of the hosts before it. */
const jsonOne = (
  { diagnosis: { host, zone, coverage, window, gaps, ledger } }: Report,
  before = 0,
) => ({
  host: {
    name: host?.name ?? null,
    machineId: host?.machineId ?? null,
    zone,
  },
  window: {
    since: utcOrNull(window.since ?? coverage.first),
    until: utcOrNull(window.until ?? coverage.last),
  },
  coverage: {
    firstEntry: utcOrNull(coverage.first),
    lastEntry: utcOrNull(coverage.last),
    boots: coverage.boots.length,
    holes: coverage.holes.map(({ since, until }) => ({
      since: formatUtc(since),
      until: formatUtc(until),
    })),
    gaps: gaps.map(({ source, reason, required, vm, ref }) => ({
      source,
      reason: plain(reason),
      required,
      ...(vm === undefined ? {} : { vm }),
      ...(ref?.since === undefined ? {} : { since: formatUtc(ref.since) }),
      ...(ref?.until === undefined ? {} : { until: formatUtc(ref.until) }),
    })),
    ledger: jsonLedger(ledger, before),
  },
});

const linesBefore = (reports: Reports, index: number): number =>
  reports.slice(0, index).reduce((sum, { diagnosis }) => sum + diagnosis.ledger.length, 0);

const jsonNamed = (report: Report, before: number) => {
  const { host, window, coverage } = jsonOne(report, before);
  const { diagnosis } = report;
  return {
    ...host,
    origin: plain(diagnosis.origin),
    complete: diagnosis.complete,
    window,
    coverage,
  };
};

const jsonTogether = (reports: Reports) => {
  const all = reports.map((report, index) => ({
    name: hostName(report),
    ...jsonOne(report, linesBefore(reports, index)),
  }));
  return {
    host: { name: null, machineId: null, zone: null },
    window: {
      since: least(all.map(({ window }) => window.since)),
      until: greatest(all.map(({ window }) => window.until)),
    },
    coverage: {
      firstEntry: least(all.map(({ coverage }) => coverage.firstEntry)),
      lastEntry: greatest(all.map(({ coverage }) => coverage.lastEntry)),
      boots: all.reduce((sum, { coverage }) => sum + coverage.boots, 0),
      holes: all.flatMap(({ name, coverage }) =>
        coverage.holes.map((hole) => ({ host: name, ...hole })),
      ),
      gaps: all.flatMap(({ name, coverage }) =>
        coverage.gaps.map((gap) => ({ ...gap, host: name })),
      ),
      ledger: all.flatMap(({ name, coverage }) =>
        coverage.ledger.map((line) => ({ ...line, host: name })),
      ),
    },
  };
};

const least = (times: readonly (string | null)[]): string | null => known(times)[0] ?? null;
const greatest = (times: readonly (string | null)[]): string | null => known(times).at(-1) ?? null;
const known = (times: readonly (string | null)[]): readonly string[] =>
  times.flatMap((time) => time ?? []).toSorted();

const utcOrNull = (time: Micros | undefined): string | null =>
  time === undefined ? null : formatUtc(time);
