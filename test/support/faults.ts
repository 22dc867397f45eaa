import type { CommandEnd, CommandResult, Lookup } from "../../src/host/host.ts";

/** What becomes of the answer to one lookup. */
export const LOOKUP_FAULTS = {
  denied: { status: "denied" },
  refused: { status: "refused", reason: "it was interrupted" },
  loop: { status: "loop" },
} as const satisfies Readonly<Record<string, Lookup<never>>>;

export type LookupFault = keyof typeof LOOKUP_FAULTS;

/** What becomes of the answer of one program; takes what it would have said. */
type ProgramFault = (whole: CommandResult) => CommandResult;

const silent =
  (end: CommandEnd): ProgramFault =>
  () => ({ ...end, stdout: "" });
const says =
  (stdout: string): ProgramFault =>
  () => ({ exitCode: 0, stderr: "", stdout });

export const PROGRAM_FAULTS = {
  "fails with words": silent({ exitCode: 1, stderr: "error: it does not work today\n" }),
  "is killed": silent({ exitCode: null, stderr: "" }),
  "is killed on its way": (whole) => ({ exitCode: null, stderr: "", stdout: cut(whole.stdout) }),
  "is not installed": silent({ exitCode: null, stderr: "", failure: "not-installed" }),
  "is asked by somebody who gave up": silent({
    exitCode: null,
    stderr: "it was interrupted",
    failure: "interrupted",
  }),
  hangs: silent({ exitCode: null, stderr: "", failure: "timed-out" }),
  "hangs on its way": (whole) => ({
    exitCode: null,
    stderr: "",
    stdout: cut(whole.stdout),
    failure: "timed-out",
  }),
  "says too much": (whole) => ({
    exitCode: null,
    stderr: "",
    stdout: cut(whole.stdout),
    failure: "too-much-output",
  }),
  "is cut in a line": (whole) => ({ ...whole, stdout: cut(whole.stdout) }),
  "prints bytes": says(someBytes()),
  "prints a web page": says(
    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body>nginx</body></html>\n",
  ),
  "prints other JSON": says('{"error":{"code":404,"message":"no such route"}}\n'),
  "prints a list of nothing": says("[]\n"),
  "prints what another program does": says(
    "total 8\ndrwxr-xr-x 2 root root 4096 Jan  1 00:00 /nix/store\n-rw-r--r-- 1 root root 12 Jan  1 00:00 a=b\n",
  ),
  "prints nothing": says(""),
} as const satisfies Readonly<Record<string, ProgramFault>>;

export type ProgramFaultName = keyof typeof PROGRAM_FAULTS;

/** The first two thirds, which end in the middle of a line. */
const cut = (text: string): string => {
  const end = Math.floor((text.length * 2) / 3);
  return text.slice(0, text[end - 1] === "\n" ? end - 2 : end);
};

/** The same bytes in every run: a linear congruential generator (Numerical Recipes, ranqd1), as text that is no UTF-8. */
function someBytes(): string {
  const bytes = Buffer.alloc(4096);
  let state = 20_250_927;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes.toString("utf8");
}
