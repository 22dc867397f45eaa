import { readFile, stat } from "node:fs/promises";

const MOST_BYTES = 256 * 1024 * 1024;

export type InputFile =
  | { readonly status: "read"; readonly text: string }
  | { readonly status: "unreadable"; readonly why: string };

/** Reads a file of this machine that somebody named on the command line, up to 256 MiB. */
export const readInputFile = async (file: string): Promise<InputFile> => {
  try {
    if ((await stat(file)).size > MOST_BYTES)
      return { status: "unreadable", why: "it is larger than 256 MiB" };
    return { status: "read", text: await readFile(file, "utf8") };
  } catch (error) {
    return { status: "unreadable", why: error instanceof Error ? error.message : String(error) };
  }
};
