import type { Request } from "../requests/request.ts";
import { progressWords, readingsOf } from "./progress-words.ts";

/** What takes less time is not worth a word; milliseconds. */
const WORTH_A_WORD = 500;
/** From one drawing to the next: slower than the eye, so that a screen reader keeps up. */
const EVERY = 250;

export interface Progress {
  /** For the request that is waited for; absent where nobody sees the progress, so that it costs nothing. */
  readonly listener: Request["listener"];
  /** Clears the line. To be called before anything else is written; later calls do nothing. */
  readonly end: () => void;
}

interface ProgressFlags {
  readonly quiet?: boolean | undefined;
}

/** Shows on stderr what is being read, in one line that is drawn in place, while `work` is done; nothing of it stays. */
export const withProgress = async <T>(
  flags: ProgressFlags,
  work: (listener: Request["listener"]) => Promise<T>,
): Promise<T> => {
  const { listener, end } = startProgress(flags);
  try {
    return await work(listener);
  } finally {
    end();
  }
};

/** The same for a work that begins here and ends somewhere else. */
export const startProgress = (flags: ProgressFlags): Progress => {
  if (!isWanted(flags)) return { listener: undefined, end: () => undefined };
  const readings = readingsOf(() => performance.now());
  let shown = "";
  const draw = (): void => {
    const { columns } = process.stderr;
    const words = progressWords(readings.now(), columns > 0 ? columns : 80);
    // The rest of a longer line before is cleared behind it.
    if (words !== shown) process.stderr.write(`\r${words}\u001B[K`);
    shown = words;
  };
  let drawing: NodeJS.Timeout | undefined;
  const waiting = setTimeout(() => {
    draw();
    drawing = setInterval(draw, EVERY).unref();
  }, WORTH_A_WORD).unref();
  const end = (): void => {
    clearTimeout(waiting);
    clearInterval(drawing);
    process.off("exit", end);
    process.off("uncaughtExceptionMonitor", end);
    if (shown !== "") process.stderr.write("\r\u001B[K");
    shown = "";
  };
  process.on("exit", end);
  process.on("uncaughtExceptionMonitor", end);
  return { listener: readings.listener, end };
};

/** On a terminal that can move its cursor, and where somebody looks at it. */
const isWanted = ({ quiet }: ProgressFlags): boolean => {
  const { CI, TERM } = process.env;
  return (
    quiet !== true &&
    process.stderr.isTTY &&
    TERM !== undefined &&
    TERM !== "dumb" &&
    (CI === undefined || CI === "")
  );
};
