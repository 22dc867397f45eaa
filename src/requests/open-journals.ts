import type { Host } from "../host/host.ts";
import { answering } from "../host/journal-answer.ts";
import { readerOfFiles, type OpenedFiles } from "../host/journal-files.ts";
import { openGateway } from "../host/journal-gateway.ts";
import { openHost, openJournal } from "../host/open-host.ts";
import { unreachableHost } from "../host/unreachable-host.ts";
import { journalHosts, type FleetPlace } from "../journal/fleet.ts";
import { belongsToThisMachine } from "../journal/machine.ts";
import { parseVmName } from "../vocabulary.ts";
import { opened, type OpenedSource } from "./opened-source.ts";
import type { Source, WrongUsage } from "./request.ts";

/** Files that `--file` named, as they were found. */
export type Files = Extract<OpenedFiles, { status: "opened" }>;

/** The hosts whose journals a gateway serves. */
export const openedGateway = async (
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

/** Journals without a file system: this machine's own, or whatever lies in a directory or in files. */
export const openedJournals = async (
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
