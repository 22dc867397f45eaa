import { readFile, stat } from "node:fs/promises";

/** Where the configuration of this machine lies, whichever host is looked at. */
const USUAL = "/etc/mvdoctor/config.json";
const MOST_BYTES = 1024 * 1024;

export type ConfigRead =
  | { readonly status: "read"; readonly file: string; readonly text: string }
  | { readonly status: "none" }
  | { readonly status: "unreadable"; readonly file: string; readonly why: string };

/** Reads a configuration file of this machine. Without a name it is the usual one, which need not be there. */
export const readConfig = async (named: string | undefined): Promise<ConfigRead> => {
  const file = named ?? USUAL;
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) return { status: "unreadable", file, why: "it is larger than 1 MiB" };
    return { status: "read", file, text: await readFile(file, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (named === undefined && (code === "ENOENT" || code === "ENOTDIR")) return { status: "none" };
    return { status: "unreadable", file, why: WORDS.get(code) ?? code };
  }
};

const WORDS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["ENOTDIR", "there is no such file"],
  ["EACCES", "it may not be read"],
  ["EISDIR", "it is a directory"],
]);
