import { openBundle } from "../host/bundle/open-bundle.ts";
import { isDirectory, realDirectory } from "../host/directory.ts";
import type { Host } from "../host/host.ts";
import { openJournalFiles, readerOfFiles } from "../host/journal-files.ts";
import { withJournal } from "../host/journal-reader.ts";
import { openDisk } from "../host/open-disk.ts";
import { openHost } from "../host/open-host.ts";
import { openRemote } from "../host/remote/open-remote.ts";
import { unreachableHost } from "../host/unreachable-host.ts";
import { openedGateway, openedJournals, type Files } from "./open-journals.ts";
import { opened, type OpenedSource } from "./opened-source.ts";
import type { BadBundle, Source, WrongUsage } from "./request.ts";

/** Opens what the request names: a host, or several. With the names of VMs only hosts of a fleet that know one of them are opened. */
export const openSource = async (
  source: Source,
  vms: readonly string[] = [],
): Promise<OpenedSource | WrongUsage | BadBundle> => {
  if (source.bundle !== undefined) return openedBundle(source.bundle);
  if (source.host !== undefined) return openedRemotes(source.host, source);
  if (source.journalUrl !== undefined) return openedGateway(source.journalUrl, vms);
  const wrong = await noDirectory(source);
  if (wrong !== undefined) return wrong;
  const files = source.file === undefined ? undefined : await openJournalFiles(source.file);
  if (files?.status === "wrong-usage") return files;
  return source.root === undefined
    ? openedJournals(source, files, vms)
    : opened(await hostOnDisk(source.root, source, files));
};

const openedBundle = async (file: string): Promise<OpenedSource | BadBundle> => {
  const bundle = await openBundle(file);
  if (bundle.status === "damaged")
    return { status: "bad-bundle", message: `${file} cannot be used: ${bundle.why}` };
  const [first, ...others] = bundle.hosts;
  return first === undefined
    ? { status: "bad-bundle", message: `${file} cannot be used: it holds no host` }
    : opened(first, ...others);
};

/** A host that cannot be reached is one of which nothing is known: the others are read all the same. */
const openedRemotes = async (
  destinations: readonly string[],
  { sudo = false, timeout }: Source,
): Promise<OpenedSource> => {
  const remotes = await Promise.all(
    destinations.map(async (destination) => ({
      destination,
      remote: await openRemote(destination, {
        sudo,
        ...(timeout === undefined ? {} : { seconds: timeout }),
      }),
    })),
  );
  const [first, ...others] = remotes.map(({ destination, remote }) =>
    remote.status === "opened"
      ? remote.host
      : unreachableHost(destination, `${destination} cannot be asked: ${remote.why}`),
  );
  if (first === undefined) throw new TypeError("no destination was given");
  return {
    status: "opened",
    hosts: [first, ...others],
    async close() {
      await Promise.all(
        remotes.map(async ({ remote }) =>
          remote.status === "opened" ? remote.close() : undefined,
        ),
      );
    },
  };
};

const hostOnDisk = async (
  directory: string,
  { directory: journal, timeout }: Source,
  files: Files | undefined,
): Promise<Host> => {
  const root = await realDirectory(directory);
  if (files?.kind === "texts")
    return withJournal(openHost(root, {}, timeout), readerOfFiles(files));
  if (files !== undefined) return openHost(root, { files: files.files }, timeout);
  return journal === undefined
    ? openDisk(root, timeout)
    : openHost(root, { directory: journal }, timeout);
};

const noDirectory = async ({ root, directory }: Source): Promise<WrongUsage | undefined> => {
  for (const [flag, path] of [
    ["--root", root],
    ["--directory", directory],
  ] as const) {
    if (path !== undefined && !(await isDirectory(path))) {
      return {
        status: "wrong-usage",
        message: `${flag} ${path} is no directory that can be entered`,
      };
    }
  }
  return undefined;
};
