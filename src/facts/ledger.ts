import { lookedAt, type CoverageLine, type SourceName } from "../evidence/coverage.ts";
import type { CredentialStore } from "../evidence/credential-store.ts";
import type { Boot, HostJournal } from "../evidence/journal.ts";
import type { Generations } from "../evidence/store.ts";
import type { CoverageRef } from "../evidence/reference.ts";
import { micros, type Micros, type UnitName } from "../vocabulary.ts";
import { counted, listed } from "./wording.ts";

type Lines = readonly [CoverageLine, ...CoverageLine[]];

const JOURNAL = { source: "journal" } as const satisfies { readonly source: SourceName };

/** What the journal covers of the time that was asked for, and what it lacks there: never without a line. */
export const journalLines = (journal: HostJournal): Lines => {
  const [first, ...more] = [...spansOf(journal), ...headOf(journal), ...lossesOf(journal)];
  return first === undefined ? [NOTHING] : [first, ...more];
};

const NOTHING: CoverageLine = {
  ...JOURNAL,
  kind: "not-kept",
  reason: "the journal holds no entry of the time that was asked for",
  mayHide: true,
};

const spansOf = ({ boots, first, last }: HostJournal): readonly CoverageLine[] =>
  first === undefined || last === undefined
    ? [NOTHING]
    : boots
        .filter((boot) => boot.last >= first && boot.first <= last)
        .map((boot) => spanOf(boot, first, last));

const spanOf = ({ id, ...boot }: Boot, first: Micros, last: Micros): CoverageLine => ({
  ...JOURNAL,
  kind: "span",
  boot: id,
  since: micros(Math.max(boot.first, first)),
  until: micros(Math.min(boot.last, last)),
  mayHide: false,
});

/** Only where the time that was asked for reaches back to it. */
const headOf = ({ head, first }: HostJournal): readonly CoverageLine[] =>
  head === undefined || first === undefined || head.time < first
    ? []
    : [
        {
          ...JOURNAL,
          kind: "head",
          begins: head.isFirst ? "boot" : "middle",
          afterBoot: head.afterBoot,
          boot: head.boot,
          since: head.time,
          mayHide: false,
        },
      ];

const lossesOf = (journal: HostJournal): readonly CoverageLine[] => [
  ...journal.sequenceHoles.map((hole): CoverageLine => ({
    ...JOURNAL,
    kind: "sequence-hole",
    ...hole,
    mayHide: true,
  })),
  ...journal.holes.map((hole): CoverageLine => silence(hole)),
  ...journal.suppressed.map(({ unit, count, ref }): CoverageLine => ({
    ...JOURNAL,
    kind: "suppressed",
    ...(unit === undefined ? {} : { unit }),
    ...(count === undefined ? {} : { count }),
    until: ref.time,
    mayHide: unit === undefined || TELLING.test(unit),
  })),
  ...journal.clockSteps.map((step): CoverageLine => ({
    ...JOURNAL,
    kind: "clock-step",
    ...step,
    mayHide: false,
  })),
  ...(journal.partial === undefined
    ? []
    : [{ ...JOURNAL, kind: "rights" as const, reason: journal.partial, mayHide: true }]),
  ...(journal.unchecked === undefined
    ? []
    : [
        {
          ...JOURNAL,
          kind: "limit" as const,
          reason: `its silences could not be looked at: ${journal.unchecked}`,
          mayHide: true,
        },
      ]),
  ...journal.shortfalls.map((shortfall): CoverageLine => ({
    ...JOURNAL,
    ...shortfall,
    mayHide: true,
  })),
];

/** A span in which nobody wrote a line. */
export const silence = (hole: {
  readonly since: Micros;
  readonly until: Micros;
}): CoverageLine => ({
  ...JOURNAL,
  kind: "silence",
  since: hole.since,
  until: hole.until,
  mayHide: true,
});

/** Units whose lines tell of VMs and of secrets; `init.scope` is systemd itself. */
const TELLING = /^init\.scope$|^microvm@|sops|agenix/u;

export interface CoverageQuestion {
  readonly since?: Micros | undefined;
  readonly until?: Micros | undefined;
  /** The units whose lines the answer may lie in, besides systemd's own: suppressed lines of others hide nothing. */
  readonly concerns?: (unit: UnitName) => boolean;
}

/** Lines of the ledger that touch a span of time; one without a time touches every span. */
export const linesWithin = (
  lines: readonly CoverageLine[],
  { since, until }: CoverageQuestion,
): readonly CoverageLine[] =>
  lines.filter(
    (line) =>
      (until === undefined || (line.since ?? until) <= until) &&
      (since === undefined || (line.until ?? line.since ?? since) >= since),
  );

/** What could hide the answer to a question about a span of time. */
export const whatMayHide = (
  journal: HostJournal,
  question: CoverageQuestion = {},
): readonly CoverageLine[] =>
  linesWithin(journalLines(journal), question).filter(
    (line) =>
      line.mayHide &&
      (line.kind !== "suppressed" ||
        question.concerns === undefined ||
        line.unit === undefined ||
        line.unit === "init.scope" ||
        question.concerns(line.unit)),
  );

/** The generations that were looked at for an installer of the VM. */
export const generationsLine = ({ list }: Generations): CoverageLine =>
  lookedAt(
    "generations",
    `${counted(list.length, "generation")}${list.length === 0 ? "" : ` (${listed(list.map(({ number }) => String(number)))})`}`,
  );

/** The symlinks that keep store paths alive. */
export const rootsLine = (rootsSeen: number): CoverageLine =>
  lookedAt("nix-store", counted(rootsSeen, "root link"));

/** What was searched of the configuration repository. */
export const repositoryLine = ({ text }: CoverageRef): CoverageLine =>
  lookedAt("configuration-repository", text);

/** The places that systemd takes credentials from by name alone. */
export const credentialPlacesLine = ({ places }: CredentialStore): CoverageLine =>
  lookedAt(
    "credential-store",
    counted(
      places.filter(({ state }) => state !== "denied").length,
      "place that systemd takes credentials from",
      "places that systemd takes credentials from",
    ),
  );
