import { rmSync } from "node:fs";
import { lstat, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { getSystemErrorMessage } from "node:util";
import { EXIT } from "./exit-status.ts";
import { ExpectedError } from "./expected-error.ts";

/**
 * Writes what the user asked for, and settles when all of it is written: to `file`, which holds either the old content
 * or all of the new, or to stdout. A file that is replaced keeps its mode, unless the new one is private. A
 * reader that closed the pipe early is no failure.
 */
export const writeOutput = async (
  text: string | Uint8Array,
  { file, isPrivate = false }: Partial<Destination> = {},
): Promise<void> => {
  try {
    await (file === undefined ? writeStdout(text) : writeToFile(text, { file, isPrivate }));
  } catch (cause) {
    throw new ExpectedError(`cannot write to ${file ?? "standard output"}: ${reasonOf(cause)}`, {
      exitCode: EXIT.usage,
      details: file === undefined ? {} : { file },
      cause,
    });
  }
};

/** Whether writing failed because nobody reads any more, as in `mvdoctor timeline | head`. */
export const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");

let isLeftByReader = false;

/** Whether somebody may still read what is written to stdout. Node never says that stdout itself is destroyed: it revives it. */
export const isRead = (): boolean => !isLeftByReader;

const writeStdout = (text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error != null && isBrokenPipe(error)) isLeftByReader = true;
      if (error == null || isLeftByReader) resolve();
      else reject(error);
    });
  });

interface Destination {
  readonly file: string | undefined;
  /** Only its owner may read it, whatever was there before. */
  readonly isPrivate: boolean;
}

type Target = Destination & { readonly file: string };

const writeToFile = async (
  text: string | Uint8Array,
  { file, isPrivate }: Target,
): Promise<void> => {
  // A device, a pipe or a directory must not be replaced by a file: root may rename over /dev/null.
  const isReplaceable = await stat(file).then(
    (found) => found.isFile(),
    () => true,
  );
  await (isReplaceable ? replaceFile(text, { file, isPrivate }) : writeFile(file, text));
};

/** Through a temporary file next to it. A symlink is replaced and not followed, so that it cannot lead root elsewhere. */
const replaceFile = async (
  text: string | Uint8Array,
  { file, isPrivate }: Target,
): Promise<void> => {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  const kept = isPrivate ? undefined : await modeOf(file);
  const removeOnExit = (): void => {
    rmSync(temporary, { force: true });
  };
  const handle = await open(temporary, "wx", isPrivate ? 0o600 : 0o644);
  process.once("exit", removeOnExit);
  try {
    if (kept !== undefined) await handle.chmod(kept);
    await handle.writeFile(text);
    await handle.sync();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    process.off("exit", removeOnExit);
    await handle.close();
  }
};

/** The permissions of a file that is there already: they stay as its owner chose them. */
const modeOf = async (file: string): Promise<number | undefined> => {
  const found = await lstat(file).catch(() => undefined);
  return found?.isFile() === true ? found.mode & 0o777 : undefined;
};

/** What the system says of a failed write. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return "errno" in error && typeof error.errno === "number"
    ? getSystemErrorMessage(error.errno)
    : error.message;
};
