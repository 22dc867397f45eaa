import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "./run-node.ts";

interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  /** What is typed once `after` is on the screen. */
  readonly typed?: { readonly keys: string; readonly after: string };
}

interface Shown {
  readonly status: number | null;
  /** All that was written to the terminal, with plain line ends. */
  readonly shown: string;
}

/** Runs the built mvdoctor on a terminal of its own (script(1)), as a user does. */
export const onTerminal = async (
  args: readonly string[],
  { env = {}, columns = 80, typed }: TerminalOptions = {},
): Promise<Shown> => {
  const command = [process.execPath, join(REPOSITORY, "dist/bin.js"), ...args]
    .map(quoted)
    .join(" ");
  const settings = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)};`);
  const child = spawn(
    "script",
    [
      "--quiet",
      "--return",
      "--command",
      `stty cols ${columns} rows 24; ${settings.join(" ")} exec ${command}`,
      "/dev/null",
    ],
    {
      cwd: REPOSITORY,
      env: {
        PATH: process.env["PATH"],
        HOME: tmpdir(),
        TZ: "UTC",
        TERM: "xterm-256color",
        LANG: "C.UTF-8",
      },
      stdio: ["pipe", "pipe", "ignore"],
      timeout: 30_000,
    },
  );
  let shown = "";
  let isTyped = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    if (typed === undefined || isTyped || !shown.includes(typed.after)) return;
    isTyped = true;
    child.stdin.write(typed.keys);
  });
  // Its reader is gone where the program has ended meanwhile.
  child.stdin.on("error", () => undefined);
  const [status] = (await once(child, "close")) as [number | null];
  return { status, shown: shown.replaceAll("\r\n", "\n") };
};

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
