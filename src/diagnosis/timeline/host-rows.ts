import { valueOf, type CollectedEvidence } from "../../evidence/evidence.ts";
import type { HostJournal } from "../../evidence/journal.ts";
import type { Installation } from "../../evidence/installation.ts";
import type { Generations } from "../../evidence/store.ts";
import type { Change } from "../../facts/history.ts";
import { journalCoverage } from "../../facts/journal-coverage.ts";
import { formatDuration } from "../../time/format-time.ts";
import type { Micros } from "../../vocabulary.ts";
import type { TimelineRow } from "../finding.ts";

/** What may have changed the VM's runner, unit or secrets. */
export const changeRow = (change: Change, generations: Generations | undefined): TimelineRow => {
  const { time, ref } = change;
  switch (change.kind) {
    case "switch": {
      const number = generations?.list.findLast(
        ({ toplevel }) => toplevel !== undefined && toplevel === change.toplevel,
      )?.number;
      const generation = number === undefined ? "" : `generation ${number}, `;
      return {
        time,
        kind: "host",
        text: `switch to ${generation}${change.toplevel ?? "another system configuration"}`,
        evidence: ref,
      };
    }
    case "install":
      return { time, kind: "host", text: "install-microvm runs", evidence: ref };
    case "relink":
      return { time, kind: "host", text: `current -> ${change.target}`, evidence: ref };
    case "operator":
      return { time, kind: "operator", text: change.command, evidence: ref };
    case "secrets":
      return { time, kind: "secrets", text: change.ref.text, evidence: change.ref };
  }
};

/** What happened on the host beside: failed switches, collected garbage, boots, holes of its journal, and generations by their files. */
export const hostRows = (evidence: CollectedEvidence): readonly TimelineRow[] => {
  const journal = valueOf(evidence.hostJournal);
  if (journal === undefined) return [];
  const generations = valueOf(evidence.generations);
  const installation = valueOf(evidence.installation);
  return [
    ...eventRows(journal),
    ...bootRows(journal),
    ...holeRows(journal),
    ...(generations === undefined ? [] : generationRows(generations)),
    ...(installation === undefined ? [] : secretRows(installation)),
  ].filter(({ evidence: { kind }, time }) => kind !== "file" || isWithin(time, journal));
};

/** The time of a file that was copied is the copy's, and tells nothing of the host's story. */
const isWithin = (time: Micros, { first, last }: HostJournal): boolean =>
  first !== undefined && last !== undefined && time >= first && time <= last;

const eventRows = ({ events }: HostJournal): readonly TimelineRow[] =>
  events.flatMap((event): readonly TimelineRow[] => {
    const { kind, ref } = event;
    if (kind !== "switch-failed" && kind !== "garbage-collected") return [];
    return [{ time: ref.time, kind: "host", text: ref.text, evidence: ref }];
  });

const bootRows = (journal: HostJournal): readonly TimelineRow[] =>
  journal.boots.slice(1).map(({ id, first, last }) => ({
    time: first,
    kind: "host",
    text: `the host boots (${id.slice(0, 8)})`,
    evidence: journalCoverage(journal, `boot ${id}`, { since: first, until: last }),
  }));

const holeRows = (journal: HostJournal): readonly TimelineRow[] =>
  journal.holes.map(({ since, until }) => ({
    time: since,
    until,
    kind: "host",
    text: `nobody at all writes a line for ${formatDuration(until - since)}`,
    evidence: journalCoverage(journal, "no line of anybody", { since, until }),
  }));

const generationRows = ({ list }: Generations): readonly TimelineRow[] =>
  list.flatMap(({ number, link }): readonly TimelineRow[] =>
    link.stat === undefined
      ? []
      : [
          {
            time: link.stat.mtime,
            kind: "host",
            text: `generation ${number} of the system is made`,
            evidence: link,
          },
        ],
  );

const secretRows = ({ roots }: Installation): readonly TimelineRow[] =>
  roots.flatMap(({ installer, path, generations, current }) =>
    generations.flatMap(({ number, ref }): readonly TimelineRow[] =>
      ref.stat === undefined
        ? []
        : [
            {
              time: ref.stat.mtime,
              kind: "secrets",
              text: `generation ${number} of ${path} is written by ${installer}${number === current ? "" : ", and is not in force now"}`,
              evidence: ref,
            },
          ],
    ),
  );
