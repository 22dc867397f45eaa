import {
  lineKey,
  type CoverageLine,
  type Shortfall,
  type SourceName,
} from "../evidence/coverage.ts";
import { valueOf, type CollectedEvidence, type Gap } from "../evidence/evidence.ts";
import type { Boot, HostJournal } from "../evidence/journal.ts";
import {
  credentialPlacesLine,
  generationsLine,
  journalLines,
  repositoryLine,
  rootsLine,
} from "../facts/ledger.ts";
import { counted } from "../facts/wording.ts";
import { lineWords } from "../facts/ledger-words.ts";

/** A line of the coverage ledger as a report cites it. */
export interface LedgerEntry {
  /** `c1`, `c2`, ...: by source, boot, time and kind. */
  readonly id: string;
  /** What evidence names it by. */
  readonly key: string;
  readonly line: CoverageLine;
  /** The line in words, with marks for moments. */
  readonly text: string;
}

/** What was looked at and what was missing, of the host and of all VMs: everything that a "no" may rest on. */
export const ledgerOf = (
  journal: HostJournal | undefined,
  evidence: readonly CollectedEvidence[],
  gaps: readonly Gap[],
): readonly LedgerEntry[] => {
  const ofJournal = journal === undefined ? [] : journalLines(journal);
  const seen = [...ofJournal, ...evidence.flatMap(linesOf)];
  const lines = [
    ...seen,
    ...gaps
      .flatMap(lineOfGap)
      .filter(
        ({ source, reason }) =>
          !seen.some(
            (line) => line.source === source && "reason" in line && line.reason === reason,
          ),
      ),
  ];
  const byKey = new Map(lines.map((line) => [lineKey(line), line] as const));
  return [...byKey]
    .toSorted(
      ([a, left], [b, right]) => inOrder(left, right, journal?.boots ?? []) || (a < b ? -1 : 1),
    )
    .map(([key, line], index) => ({ id: `c${index + 1}`, key, line, text: lineWords(line) }));
};

/** Entries that are missing between files are gaps of every VM: nobody knows whose they were. */
export const gapsOfLoss = (journal: HostJournal): readonly Gap[] =>
  journalLines(journal).flatMap((line) =>
    line.kind === "sequence-hole" && line.since !== undefined && line.until !== undefined
      ? [
          {
            source: "journal" as const,
            reason: `at least ${counted(line.count, "entry", "entries")} missing: numbers between ${line.after} and ${line.before} are in no file`,
            required: true,
            ref: {
              kind: "coverage" as const,
              source: "journal",
              text: "sequence numbers",
              since: line.since,
              until: line.until,
              ledger: [lineKey(line)] as const,
            },
          },
        ]
      : [],
  );

const linesOf = (evidence: CollectedEvidence): readonly CoverageLine[] => {
  const journal = valueOf(evidence.hostJournal);
  const generations = valueOf(evidence.generations);
  const store = valueOf(evidence.store);
  const places = valueOf(evidence.credentialStore);
  const searched = valueOf(evidence.configurationRepository)?.searched;
  return [
    ...(journal === undefined ? [] : journalLines(journal)),
    ...(generations === undefined ? [] : [generationsLine(generations)]),
    ...(store === undefined ? [] : [rootsLine(store.rootsSeen)]),
    ...(places === undefined ? [] : [credentialPlacesLine(places)]),
    ...(searched === undefined ? [] : [repositoryLine(searched)]),
  ];
};

type ShortfallLine = Extract<CoverageLine, { readonly kind: Shortfall }>;

/** Gaps of the journal as a whole and its silences have lines of their own. */
const lineOfGap = ({ source, reason, required, kind, vm, ref }: Gap): readonly ShortfallLine[] =>
  ref !== undefined || (source === "journal" && vm === undefined)
    ? []
    : [
        {
          source,
          kind: kind ?? "not-kept",
          reason,
          mayHide: required,
          ...(vm === undefined ? {} : { vm }),
        },
      ];

const SOURCES: readonly SourceName[] = [
  "journal",
  "kernel-log",
  "host",
  "state-directory",
  "unit",
  "runner",
  "generations",
  "nix-store",
  "configuration-repository",
  "secret-installation",
  "secret-files",
  "credential-store",
  "shares",
  "guest-system",
  "other-units",
];

const KINDS: readonly CoverageLine["kind"][] = [
  "span",
  "head",
  "looked-at",
  "sequence-hole",
  "silence",
  "suppressed",
  "clock-step",
  "rights",
  "limit",
  "damage",
  "not-kept",
];

const inOrder = (a: CoverageLine, b: CoverageLine, boots: readonly Boot[]): number =>
  SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) ||
  bootOf(a, boots) - bootOf(b, boots) ||
  timeOf(a) - timeOf(b) ||
  KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);

/** The boot that a line is about, or that runs when it begins; lines without a time come last. */
const bootOf = (line: CoverageLine, boots: readonly Boot[]): number => {
  const index =
    line.boot === undefined
      ? boots.findLastIndex(({ first }) => first <= timeOf(line))
      : boots.findIndex(({ id }) => id === line.boot);
  return timeOf(line) === LAST ? boots.length : index;
};

const LAST = Number.MAX_SAFE_INTEGER;
const timeOf = ({ since, until }: CoverageLine): number => since ?? until ?? LAST;
