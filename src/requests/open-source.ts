import { openBundle } from "../host/bundle/open-bundle.ts";
import { isDirectory, realDirectory } from "../host/directory.ts";
import type { Host } from "../host/host.ts";
import { answering } from "../host/journal-answer.ts";
import { openJournalFiles, readerOfFiles, type OpenedFiles } from "../host/journal-files.ts";
import { openGateway } from "../host/journal-gateway.ts";
import { withJournal } from "../host/journal-reader.ts";
import { openDisk } from "../host/open-disk.ts";
import { openHost, openJournal } from "../host/open-host.ts";
import { openRemote } from "../host/remote/open-remote.ts";
import { unreachableHost } from "../host/unreachable-host.ts";
import { journalHosts, type FleetPlace } from "../journal/fleet.ts";
import { belongsToThisMachine } from "../journal/machine.ts";
import { parseVmName } from "../vocabulary.ts";
import type { BadBundle, Source, WrongUsage } from "./request.ts";

/** The hosts that a request is about. Whoever has them closes them, once nothing more is asked. */
export interface OpenedSource {
  readonly status: "opened";
  readonly hosts: readonly [Host, ...Host[]];
  readonly close: () => Promise<void>;
}

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

type Files = Extract<OpenedFiles, { status: "opened" }>;

const opened = (...hosts: readonly [Host, ...Host[]]): OpenedSource => ({
  status: "opened",
  hosts,
  close: async () => {},
});

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

const openedGateway = async (
  url: string,
  vms: readonly string[],
): Promise<OpenedSource | WrongUsage> => {
  const gateway = await openGateway(url);
  if (gateway.status === "wrong-usage") return gateway;
  if (gateway.status === "unreachable") return opened(unreachableHost(url, gateway.message));
  const { source, origin } = gateway;
  const place = { kind: "reader", journal: answering(source), origin } as const;
  return (
    (await openedFleet(place, vms)) ??
    opened(unreachableHost(origin, `the journal that ${origin} serves holds no entry`))
  );
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

/** Journals without a file system: this machine's own, or whatever lies in a directory or in files. */
const openedJournals = async (
  { directory, merge = false, timeout }: Source,
  files: Files | undefined,
  vms: readonly string[],
): Promise<OpenedSource> => {
  if (files?.kind === "texts") {
    const place = { kind: "reader", journal: readerOfFiles(files), origin: "saved texts" } as const;
    return (
      (await openedFleet(place, vms)) ??
      opened(unreachableHost("saved texts", "the saved texts hold no entry"))
    );
  }
  if (directory === undefined && files === undefined) {
    const own = openHost("/", {}, timeout);
    if (!merge) return opened(own);
    const { hosts, complaints } = await journalHosts({ kind: "merged" }, parsed(vms));
    const others = hosts.flatMap(({ host }) => (host.kind === "live" ? [] : [host]));
    return opened(complaining(own, complaints), ...others);
  }
  const journal = {
    ...(directory === undefined ? {} : { directory }),
    ...(files === undefined ? {} : { files: files.files }),
  };
  const here = openHost("/", journal, timeout);
  const place: FleetPlace =
    directory === undefined
      ? { kind: "files", files: files?.files ?? [] }
      : { kind: "directory", directory };
  const fleet = await openedFleet(place, vms);
  // The journal of this machine says something about its files; one of another machine does not.
  if (fleet === undefined || fleet.hosts.length === 1)
    return (await belongsToThisMachine(here))
      ? opened(here)
      : (fleet ?? opened(openJournal(journal)));
  return fleet;
};

/** The hosts of a fleet; nothing where no journal of any host is there. */
const openedFleet = async (
  place: FleetPlace,
  vms: readonly string[],
): Promise<OpenedSource | undefined> => {
  const named = await journalHosts(place, parsed(vms));
  // Where no host has a VM of that name, all of them say which ones they have.
  const { hosts, complaints } =
    named.hosts.length === 0 && vms.length > 0 ? await journalHosts(place, []) : named;
  const [first, ...others] = hosts.map(({ host }) => host);
  return first === undefined ? undefined : opened(complaining(first, complaints), ...others);
};

const complaining = (host: Host, complaints: readonly string[]): Host =>
  complaints.length === 0 ? host : { ...host, missing: complaints };

const parsed = (vms: readonly string[]) => vms.flatMap((name) => parseVmName(name) ?? []);

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
