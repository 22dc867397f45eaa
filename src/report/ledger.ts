import type { LedgerEntry } from "../diagnosis/ledger.ts";
import { formatUtc } from "../time/format-time.ts";
import { idList, lineId } from "./evidence-numbers.ts";
import type { ledgerLine } from "./schema/evidence.ts";
import type { Written } from "./schema/pieces.ts";
import { plain, sentence, withMoments } from "./words.ts";

/** The ledger for programs, behind `before` lines of other hosts; what a "no" rests on is named by these ids. */
export const jsonLedger = (
  ledger: readonly LedgerEntry[],
  before: number,
): readonly Written<typeof ledgerLine>[] =>
  ledger.map(({ line, text }, index) => ({
    id: lineId(before + index),
    source: line.source,
    kind: line.kind,
    ...(line.vm === undefined ? {} : { vm: line.vm }),
    ...(line.boot === undefined ? {} : { boot: line.boot }),
    ...(line.since === undefined ? {} : { since: formatUtc(line.since) }),
    ...(line.until === undefined ? {} : { until: formatUtc(line.until) }),
    ...("count" in line && line.count !== undefined ? { count: line.count } : {}),
    text: plain(withMoments(text, formatUtc)),
    mayHide: line.mayHide,
  }));

export interface LedgerLine {
  /** `c1`, or `c1-c40` for boots that say no more than that they are there. */
  readonly ids: string;
  /** Each id by itself. */
  readonly all: readonly string[];
  readonly isGap: boolean;
  readonly text: string;
}

/** The ledger for people: a line for each source and boot, and one for each thing that is missing. */
export const ledgerLines = (
  ledger: readonly LedgerEntry[],
  zone: string,
  idAt: (place: number) => string = lineId,
): readonly LedgerLine[] => {
  const places = new Map(ledger.map((entry, place) => [entry, place] as const));
  return runsOf(ledger).map((run) => {
    const [first] = run;
    const last = run.at(-1);
    const all = run.map((entry) => idAt(places.get(entry) ?? 0));
    const ids = idList(all);
    if (first === undefined || last === undefined) return { ids, all, isGap: false, text: "" };
    return {
      ids,
      all,
      isGap: isGap(first),
      text:
        run.length === 1
          ? `${subjectOf(first)}: ${sentence(first.text, zone)}`
          : `${first.line.source}: ${run.length} boots, the first with ${sentence(first.text, zone)}; the last with ${sentence(last.text, zone)}`,
    };
  });
};

const MOST_BOOTS = 5;

/** Boots side by side are one run where they are many; every other line is one of its own. */
const runsOf = (ledger: readonly LedgerEntry[]): readonly (readonly LedgerEntry[])[] => {
  const runs: LedgerEntry[][] = [];
  for (const entry of ledger) {
    const run = runs.at(-1);
    if (entry.line.kind === "span" && run?.[0]?.line.kind === "span") run.push(entry);
    else runs.push([entry]);
  }
  return runs.flatMap((run) => (run.length > MOST_BOOTS ? [run] : run.map((entry) => [entry])));
};

const isGap = ({ line }: LedgerEntry): boolean => line.mayHide || SHORTFALLS.has(line.kind);

const subjectOf = (entry: LedgerEntry): string =>
  `${isGap(entry) ? "Gap, " : ""}${entry.line.source}${entry.line.vm === undefined ? "" : ` of ${plain(entry.line.vm)}`}`;

const SHORTFALLS: ReadonlySet<LedgerEntry["line"]["kind"]> = new Set([
  "rights",
  "limit",
  "damage",
  "not-kept",
]);
