import { execa } from "execa";
import { byteReader, type ByteReader } from "./byte-reader.ts";
import { lastWords } from "./command-end.ts";

/** The process on this machine behind which a shell of another host reads and writes. */
export interface ShellProcess {
  readonly stdout: ByteReader;
  readonly stderr: ByteReader;
  /** Does nothing once the process is gone. */
  readonly write: (text: string) => void;
  /** Ends the process; the first reason that is given is the one that counts. */
  readonly end: (why: string) => void;
  /** Waits for the end, and gives the reason: the one of `end`, the last line of each of `words`, or the process's status. */
  readonly reason: (...words: readonly Buffer[]) => Promise<string>;
  /** Lets the shell read the end of its input, and ends the process where it does not go by itself. */
  readonly close: () => Promise<void>;
}

/** Seconds that a process is given to go by itself. */
const PATIENCE = 2;
/** What a process wrote at its end is there by then. */
const LAST_WORDS_MS = 500;

interface Exit {
  readonly code?: string | undefined;
  readonly exitCode?: number | null | undefined;
  readonly signal?: string | null | undefined;
}

/** Starts ssh, or whatever else brings a shell. It gets the user's environment, of which ssh needs the agent and more. */
export const startShell = ([file, ...args]: readonly [string, ...string[]]): ShellProcess => {
  const child = execa(file, args, {
    reject: false,
    buffer: false,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    forceKillAfterDelay: 1000,
  });
  // A write to a process that is gone: that it is gone is told where its output ends.
  child.stdin.on("error", () => {});
  const exited = new Promise<Exit>((resolve) => {
    child.nodeChildProcess.once("exit", (exitCode, signal) => {
      resolve({ exitCode, signal });
      // What ssh started itself, such as a jump, may outlive it and hold its streams open.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, LAST_WORDS_MS);
    });
    // One that could not be started never exits.
    void child.then(resolve);
  });
  const gone = async (): Promise<Exit> => {
    const timer = setTimeout(() => child.kill(), PATIENCE * 1000);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  let why: string | undefined;
  return {
    stdout: byteReader(child.stdout),
    stderr: byteReader(child.stderr),
    write: (text) => {
      if (child.stdin.writable) child.stdin.write(text);
    },
    end: (reason) => {
      why ??= reason;
      child.kill();
    },
    async reason(...words) {
      const { code, exitCode, signal } = await gone();
      if (why !== undefined) return why;
      if (code === "ENOENT") return `${file} is not installed on this machine`;
      const lines = words.map(lastWords).filter((one) => one !== undefined);
      if (lines.length > 0) return lines.join("; ");
      return typeof exitCode === "number"
        ? `${file} ended with status ${exitCode} and said nothing`
        : `${file} was ended by ${signal ?? "a signal"}`;
    },
    async close() {
      why ??= "it was closed";
      child.stdin.end();
      await gone();
    },
  };
};
