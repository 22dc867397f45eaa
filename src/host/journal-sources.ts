import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Journal files that belong together by their names: those of one host, or of one receiver that mixes hosts. */
export interface FileSource {
  /** A directory, or the path of a host's file without what rotation adds. */
  readonly name: string;
  /** The files as they are called now: whoever writes them renames them. Sorted. */
  files(): Promise<readonly string[]>;
}

/**
 * The sources in directories of journals, by names alone: no file is opened. As journalctl does, directories named by a machine id are
 * looked into; and, as `journalctl --merge` does with /var/log/journal, one named `remote`. Directories that cannot be read are in
 * `unreadable`.
 */
export const sourcesIn = async (
  directories: readonly string[],
): Promise<{ readonly sources: readonly FileSource[]; readonly unreadable: readonly string[] }> => {
  const unreadable: string[] = [];
  const found: string[] = [];
  for (const directory of directories) {
    const listed = await listing(directory);
    if (listed === undefined) {
      unreadable.push(directory);
      continue;
    }
    found.push(...listed.files);
    for (const below of listed.directories.filter((one) => HOLDS_JOURNALS.test(basename(one)))) {
      const inner = await listing(below);
      if (inner === undefined) unreadable.push(below);
      else found.push(...inner.files);
    }
  }
  const directoryOf = new Map(found.map((file) => [sourceName(file), dirname(file)] as const));
  const sources = [...directoryOf]
    .map(([name, directory]): FileSource => ({
      name,
      files: async () =>
        ((await listing(directory))?.files ?? []).filter((file) => sourceName(file) === name),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { sources, unreadable };
};

/** The sources that named files belong to. */
export const sourcesOf = (files: readonly string[]): readonly FileSource[] =>
  [...Map.groupBy(files.toSorted(), sourceName)].map(([name, own]) => ({
    name,
    files: async () => own,
  }));

/** Where journald keeps journals (systemd-journald.service(8), "Files"). */
export const JOURNAL_DIRECTORIES = ["/var/log/journal", "/run/log/journal"] as const;

const MACHINE_ID = /^[0-9a-f]{32}$/u;
const HOLDS_JOURNALS = /^(?:[0-9a-f]{32}|remote)$/u;
const JOURNAL_FILE = /\.journal~?$/u;

/**
 * What systemd-journal-remote writes, `remote-NAME.journal`, and what rotation makes of it: `@`, ids of the sequence, its first number and
 * its first time, or `@`, a time and chance before `.journal~` where it was not closed (systemd 252 to 262, journal-file.c).
 */
const REMOTE_FILE =
  /^(?<host>remote-.+?)(?:@[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{16}\.journal|@[0-9a-f]{16}-[0-9a-f]{16}\.journal~|\.journal~?)$/u;

const isOfOneMachine = (directory: string): boolean => MACHINE_ID.test(basename(directory));

/** The source that a file belongs to. */
const sourceName = (file: string): string => {
  const directory = dirname(file);
  if (isOfOneMachine(directory)) return directory;
  const host = REMOTE_FILE.exec(basename(file))?.groups?.["host"];
  return host === undefined ? directory : join(directory, host);
};

interface Listing {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

const listing = async (directory: string): Promise<Listing | undefined> => {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const names = (wanted: (name: string) => boolean): readonly string[] =>
      entries
        .map(({ name }) => name)
        .filter((name) => wanted(name))
        .toSorted()
        .map((name) => join(directory, name));
    return {
      files: names((name) => JOURNAL_FILE.test(name)),
      // A link may lead to one too.
      directories: names((name) => !JOURNAL_FILE.test(name)),
    };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" || code === "ENOTDIR" ? { files: [], directories: [] } : undefined;
  }
};
