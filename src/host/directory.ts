import { realpath, stat } from "node:fs/promises";

/** Whether a path of this machine is a directory that may be looked into. */
export const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};

/** The absolute path of a directory of this machine, without symlinks. */
export const realDirectory = (path: string): Promise<string> => realpath(path);
