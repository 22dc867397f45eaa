const ASCII = [".", ":", "-", "=", "+", "*", "#"] as const;
const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

export interface Strip {
  /** A character for each part of the time; a space where nothing was. */
  readonly text: string;
  /** How many characters there are. */
  readonly parts: number;
  /** What the fullest part holds. */
  readonly most: number;
}

/** Counts of equal parts of a time as a strip of at most `room` characters. */
export const densityStrip = (
  density: readonly number[],
  { room, unicode }: { readonly room: number; readonly unicode: boolean },
): Strip => {
  const together = Math.max(1, Math.ceil(density.length / Math.max(1, room)));
  const counts: number[] = [];
  for (const [index, count] of density.entries()) {
    const part = Math.floor(index / together);
    counts[part] = (counts[part] ?? 0) + count;
  }
  const levels = unicode ? BLOCKS : ASCII;
  const most = Math.max(0, ...counts);
  return {
    text: counts
      .map((count) =>
        count === 0 ? " " : (levels[Math.ceil((count / most) * levels.length) - 1] ?? ""),
      )
      .join(""),
    parts: counts.length,
    most,
  };
};
