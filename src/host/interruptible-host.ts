import { endedStream } from "./ended-stream.ts";
import type { CommandEnd, CommandStream, Host, Lookup } from "./host.ts";

/** A host that answers nothing more once the signal is given: what was read until then stays, the rest says that it was interrupted. */
export const interruptible = (host: Host, signal: AbortSignal): Host => ({
  ...host,
  lstat: (path) => unlessGiven(signal, () => host.lstat(path), REFUSED),
  list: (path) => unlessGiven(signal, () => host.list(path), REFUSED),
  readText: (path) => unlessGiven(signal, () => host.readText(path), REFUSED),
  run: (command) => unlessGiven(signal, () => host.run(command), { ...INTERRUPTED, stdout: "" }),
  stream: (command) =>
    signal.aborted ? endedStream(INTERRUPTED) : untilGiven(signal, host.stream(command)),
});

const WHY = "it was interrupted";
const REFUSED: Lookup<never> = { status: "refused", reason: WHY };
const INTERRUPTED: CommandEnd = { exitCode: null, stderr: WHY, failure: "interrupted" };

const unlessGiven = <T>(signal: AbortSignal, answer: () => Promise<T>, instead: T): Promise<T> =>
  new Promise((resolve, reject) => {
    const give = (): void => resolve(instead);
    if (signal.aborted) {
      give();
      return;
    }
    signal.addEventListener("abort", give, { once: true });
    answer()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", give));
  });

const untilGiven = (
  signal: AbortSignal,
  { lines, entries, end }: CommandStream,
): CommandStream => ({
  lines: takenUntil(signal, lines),
  ...(entries === undefined ? {} : { entries: takenUntil(signal, entries) }),
  end: unlessGiven(signal, () => end, INTERRUPTED),
});

/** One listener for the whole stream: a promise that every piece waits for as well would keep them all. */
async function* takenUntil<Piece>(
  signal: AbortSignal,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  const source = pieces[Symbol.asyncIterator]();
  let stopWaiting: (() => void) | undefined;
  const given = (): void => stopWaiting?.();
  signal.addEventListener("abort", given, { once: true });
  const next = (): Promise<IteratorResult<Piece, unknown>> =>
    new Promise((resolve, reject) => {
      stopWaiting = () => resolve({ done: true, value: undefined });
      if (signal.aborted) stopWaiting();
      else source.next().then(resolve, reject);
    });
  try {
    for (let piece = await next(); piece.done !== true; piece = await next()) yield piece.value;
  } finally {
    signal.removeEventListener("abort", given);
    // Not waited for after the signal: a stream that gives nothing would not return either.
    const returned = source.return?.();
    if (!signal.aborted) await returned;
  }
}
