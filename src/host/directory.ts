import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";

/** Whether a path of this machine is a directory that may be looked into. */
export const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};

/** Links of proc(5) that lead into another mount namespace: their text is a path there, which names another place here. */
const INTO_ANOTHER_NAMESPACE = /^\/proc\/[^/]+\/(?:task\/\d+\/)?(?:root|cwd)(?:\/|$)/u;

/** The absolute path of a directory of this machine, without symlinks; as it is where it leads through another mount namespace. */
export const realDirectory = async (path: string): Promise<string> => {
  const absolute = resolve(path);
  return INTO_ANOTHER_NAMESPACE.test(absolute) ? absolute : realpath(absolute);
};
