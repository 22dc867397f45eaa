import type { TimelineRow } from "../finding.ts";

/** Makes one row of the same words that follow each other, with how often and until when. */
export const repeatsTogether = (rows: readonly TimelineRow[]): readonly TimelineRow[] => {
  const kept: TimelineRow[] = [];
  for (const row of rows) {
    const last = kept.at(-1);
    if (last !== undefined && isSame(last, row))
      kept[kept.length - 1] = { ...last, until: row.time, times: (last.times ?? 1) + 1 };
    else kept.push(row);
  }
  return kept;
};

const isSame = (a: TimelineRow, b: TimelineRow): boolean =>
  a.kind === b.kind && a.phase === b.phase && a.loop === undefined && words(a) === words(b);

/** Without the seconds since its boot that a kernel writes in front of a line, and without the number of a process. */
const words = ({ text }: TimelineRow): string =>
  text.replace(/^\[\s*\d+\.\d+\]\s*/u, "").replace(/^([^\s[]+)\[\d+\]:/u, "$1:");
