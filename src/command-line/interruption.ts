import { EXIT } from "./exit-status.ts";

const controller = new AbortController();
let isAwaited = false;
let isLeft = false;

/** Given when somebody interrupts (Ctrl-C). Who takes it promises to end soon after, with what there is until then. */
export const interruption = (): AbortSignal => {
  isAwaited = true;
  return controller.signal;
};

/** What SIGINT does: the first one ends the reading where a command waits for it, any other ends the program. */
export const interrupt = (): void => {
  if (isLeft) return;
  if (!isAwaited || controller.signal.aborted) process.exit(EXIT.interrupted);
  controller.abort();
};

/** Does something during which SIGINT is for another program that has the terminal. */
export const leavingInterrupts = async <T>(work: () => PromiseLike<T>): Promise<T> => {
  isLeft = true;
  try {
    return await work();
  } finally {
    isLeft = false;
  }
};

/** The status that a command will end with: its own, unless somebody interrupted. */
export const endingStatus = (status: number): number =>
  controller.signal.aborted ? EXIT.interrupted : status;

/** Sets the exit status; of a command that was interrupted it says so, and nothing that still runs is waited for. */
export const endWith = (status: number): void => {
  if (controller.signal.aborted) process.exit(EXIT.interrupted);
  process.exitCode = status;
};
