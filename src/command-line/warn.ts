/** Tells people on stderr what the chosen format has no place for. */
export const warn = (lines: readonly string[]): void => {
  process.stderr.write(lines.map((line) => `mvdoctor: ${line}\n`).join(""));
};
