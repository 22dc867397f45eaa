import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the lab keeps what is slow to make: outside of the repository, so that every checkout finds it. */
const cacheDirectory = (): string => {
  const named = process.env["MVDOCTOR_LAB_CACHE"] ?? "";
  if (named !== "") return named;
  const general = process.env["XDG_CACHE_HOME"] ?? "";
  return join(general === "" ? join(homedir(), ".cache") : general, "mvdoctor-lab");
};

/** A name for what these texts make: other texts, another name. */
export const cacheKey = (name: string, ...madeOf: readonly string[]): string =>
  `${name}-${createHash("sha256").update(madeOf.join("\0")).digest("hex").slice(0, 16)}`;

/** Whether something is kept under this key. */
export const isCached = (key: string): boolean => existsSync(join(cacheDirectory(), key));

/**
 * The path of what is kept under a key, made by `make` where nothing is. It is made under a name of its own and renamed: what is
 * kept is whole, and of two programs that make it at once one wins.
 */
export const cached = (key: string, make: (path: string) => Promise<void>): Promise<string> => {
  const begun = making.get(key) ?? findOrMake(key, make);
  making.set(key, begun);
  return begun;
};

/** What this program has asked for already. */
const making = new Map<string, Promise<string>>();

const findOrMake = async (key: string, make: (path: string) => Promise<void>): Promise<string> => {
  const path = join(cacheDirectory(), key);
  if (existsSync(path)) return path;
  await mkdir(cacheDirectory(), { recursive: true });
  await removeUnfinished(key);
  const fresh = `${path}.${process.pid}`;
  try {
    await make(fresh);
    await rename(fresh, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return path;
};

/** What a program that was killed has left half made. */
const removeUnfinished = async (key: string): Promise<void> => {
  for (const name of await readdir(cacheDirectory())) {
    const pid = name.startsWith(`${key}.`) ? name.slice(key.length + 1) : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await rm(join(cacheDirectory(), name), { recursive: true, force: true });
  }
};
