import { isUtf8, showInPager } from "./pager.ts";
import { writeOutput } from "./output.ts";

const NARROWEST = 40;
const USUAL = 80;
const WIDEST = 120;

interface Screen {
  readonly width: number;
  readonly colour: boolean;
  /** Whether more than ASCII may be used to draw. */
  readonly unicode: boolean;
}

interface ScreenFlags {
  readonly "output-file"?: string | undefined;
  readonly plain?: boolean | undefined;
  readonly "no-pager"?: boolean | undefined;
}

/**
 * How wide, whether in colour, and with which characters. Only a terminal that wants it gets colour: not with NO_COLOR (no-color.org),
 * SYSTEMD_COLORS=0 (systemctl(1)), TERM=dumb or `--plain`, and never a file. The same goes for lines and arrows beyond ASCII, which
 * need a locale of UTF-8, too.
 */
export const screen = (flags: ScreenFlags = {}): Screen => {
  const isTerminal = isOnTerminal(flags);
  const { NO_COLOR, SYSTEMD_COLORS, TERM } = process.env;
  const isDrawn = isTerminal && flags.plain !== true && TERM !== "dumb";
  const isUnwanted =
    (NO_COLOR !== undefined && NO_COLOR !== "") ||
    /^(?:0|no|n|false|f|off)$/iu.test(SYSTEMD_COLORS ?? "");
  // A terminal that nobody told its size has 0 columns.
  const columns = isTerminal && process.stdout.columns > 0 ? process.stdout.columns : USUAL;
  return {
    width: Math.min(WIDEST, Math.max(NARROWEST, columns)),
    colour: isDrawn && !isUnwanted,
    unicode: isDrawn && isUtf8(process.env),
  };
};

/** Shows a page: in a pager where somebody reads it on a terminal, else as it is, in the file that the flags name or on stdout. */
export const writePage = async (text: string, flags: ScreenFlags = {}): Promise<void> => {
  const isPaged = isOnTerminal(flags) && flags["no-pager"] !== true && (await showInPager(text));
  if (!isPaged) await writeOutput(text, { file: flags["output-file"] });
};

const isOnTerminal = (flags: ScreenFlags): boolean =>
  process.stdout.isTTY && flags["output-file"] === undefined;
