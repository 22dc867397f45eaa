import { lineKey, type CoverageLine } from "../evidence/coverage.ts";
import type { HostJournal } from "../evidence/journal.ts";
import type { CoverageRef } from "../evidence/reference.ts";
import { journalLines, linesWithin, whatMayHide, type CoverageQuestion } from "./ledger.ts";

/** Whether the journal can carry a claim that something was not said: read whole, and with nothing lost in the time asked for. */
export const holdsEverything = (
  journal: HostJournal | undefined,
  question: CoverageQuestion = {},
): journal is HostJournal =>
  journal?.first !== undefined && whatMayHide(journal, question).length === 0;

/** What carries a claim about lines that the journal does not hold; from its first to its last entry where no time is given. */
export const journalCoverage = (
  journal: HostJournal,
  text: string,
  { since = journal.first, until = journal.last }: CoverageQuestion = {},
): CoverageRef => {
  const lines = journalLines(journal);
  const [first = lines[0], ...more] = linesWithin(lines, { since, until });
  return {
    kind: "coverage",
    source: "journal",
    text,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ledger: [lineKey(first), ...more.map(lineKey)],
  };
};

/** What carries a claim that something is in none of the places that were looked at. */
export const coverageBy = (
  source: string,
  text: string,
  first: CoverageLine,
  ...more: readonly CoverageLine[]
): CoverageRef => ({
  kind: "coverage",
  source,
  text,
  ledger: [lineKey(first), ...more.map(lineKey)],
});

/** The same for a finding whose journal may not have been read: nothing then. */
export const journalCarries = (
  journal: HostJournal | undefined,
  text: string,
  question?: CoverageQuestion,
): readonly CoverageRef[] =>
  journal === undefined ? [] : [journalCoverage(journal, text, question)];
