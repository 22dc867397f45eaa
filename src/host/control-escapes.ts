/** Letters that C writes behind a backslash for a control character (systemd.syntax(7), and `ls -b`). */
export const CONTROL_ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
