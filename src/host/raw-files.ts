import type { FileStat } from "../evidence/reference.ts";
import type { HostPath } from "../vocabulary.ts";
import type { Lookup } from "./host.ts";

/** The file system of a host, path by path. No path that is given has a symlink in front of its last component. */
export interface RawFiles {
  lstat(path: HostPath): Promise<Lookup<FileStat>>;
  /** Says that questions about a path and all above it come next; where a question costs a way there and back, they are asked at once. */
  expect?(path: HostPath): void;
  /** The names in a directory, in any order. */
  list(path: HostPath): Promise<Lookup<readonly string[]>>;
  /** The beginning of a regular file as UTF-8, up to MOST_TEXT_BYTES; never through a symlink. `size` is what lstat said. */
  read(path: HostPath, size: number): Promise<Lookup<string>>;
}

/** No text of a host is read any further. */
export const MOST_TEXT_BYTES = 1024 * 1024;
