/** Where what takes long to make is kept between runs: `$MVDOCTOR_BENCH_CACHE`, or a directory in the user's cache. Removing it costs only time. */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The directory `name`, which is made once, and never by half: `make` fills another one that then gets the name.
 *
 * @param version what decides on what is in it: with another one it is made anew
 */
export const cached = async (
  kind: string,
  version: string | Buffer,
  name: string,
  make: (dir: string) => Promise<void>,
): Promise<string> => {
  const place = join(cacheRoot(), `${kind}-${shortHash(version)}`);
  const dir = join(place, name);
  await mkdir(place, { recursive: true });
  if ((await readdir(place)).includes(name)) return dir;
  const unfinished = join(place, `.${name}.${process.pid}`);
  await mkdir(unfinished);
  try {
    await make(unfinished);
    // Somebody else may have made the same meanwhile.
    if (!(await readdir(place)).includes(name)) await rename(unfinished, dir);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return dir;
};

const cacheRoot = (): string =>
  process.env["MVDOCTOR_BENCH_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mvdoctor-bench");

const shortHash = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 12);

/** The same directory, after all of its files were read once: what is measured is the program, not the disk. */
export const warmed = async (dir: string): Promise<string> => {
  for (const name of await readdir(dir)) {
    await using file = await open(join(dir, name));
    const chunk = Buffer.alloc(1 << 20);
    while ((await file.read(chunk)).bytesRead > 0);
  }
  return dir;
};
