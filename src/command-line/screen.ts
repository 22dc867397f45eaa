const NARROWEST = 40;
const USUAL = 80;
const WIDEST = 120;

interface Screen {
  readonly width: number;
  readonly colour: boolean;
}

/**
 * How wide and whether in colour. Only a terminal that wants it gets colour: not with NO_COLOR (no-color.org), SYSTEMD_COLORS=0
 * (systemctl(1)) or TERM=dumb, and never a file.
 */
export const screen = ({ file }: { readonly file: string | undefined }): Screen => {
  const isTerminal = process.stdout.isTTY && file === undefined;
  const { NO_COLOR, SYSTEMD_COLORS, TERM } = process.env;
  const isUnwanted =
    (NO_COLOR !== undefined && NO_COLOR !== "") ||
    /^(?:0|no|n|false|f|off)$/iu.test(SYSTEMD_COLORS ?? "") ||
    TERM === "dumb";
  const columns = isTerminal ? process.stdout.columns : USUAL;
  return {
    width: Math.min(WIDEST, Math.max(NARROWEST, columns)),
    colour: isTerminal && !isUnwanted,
  };
};
