import { EXIT } from "./exit-status.ts";
import { ExpectedError } from "./expected-error.ts";
import { writeOutput } from "./output.ts";

/** Refuses to show something again and again where no terminal can take the old away. */
export const requireTerminal = (): void => {
  if (process.stdout.isTTY) return;
  throw new ExpectedError("--watch needs a terminal, and standard output is none", {
    exitCode: EXIT.usage,
    hint: "without --watch the list is written once, to a file or a pipe as well",
  });
};

/** Puts a page in the place of what the terminal shows: as many of its lines as fit. */
export const showInPlace = async (text: string): Promise<void> => {
  await writeOutput(`${CLEARED}${fitted(text, process.stdout.rows)}`);
};

/** The cursor home, and everything from there on gone (ECMA-48: CUP, ED). */
const CLEARED = "\u001B[H\u001B[2J";

/** The last line of a terminal stays free for the cursor. */
const fitted = (text: string, rows: number): string => {
  const lines = text.trimEnd().split("\n");
  const room = rows > 3 ? rows - 2 : lines.length;
  if (lines.length <= room) return text;
  return `${lines.slice(0, room).join("\n")}\n(${lines.length - room} more lines: this terminal has ${rows})\n`;
};
