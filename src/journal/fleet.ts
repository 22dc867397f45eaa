import type { Host } from "../host/host.ts";
import { journalOnly, type JournalReader } from "../host/journal-reader.ts";
import {
  JOURNAL_DIRECTORIES,
  sourcesIn,
  sourcesOf,
  type FileSource,
} from "../host/journal-sources.ts";
import { ofMachine } from "../host/one-machine.ts";
import { openHost } from "../host/open-host.ts";
import { valuesIn } from "../host/present-values.ts";
import { hostPath, type VmName } from "../vocabulary.ts";
import { fileJournals, readerOfSources, type JournalOfMachines } from "./file-journals.ts";
import { machinesIn } from "./machines.ts";
import { vmMatches } from "./matches.ts";

/** Where the journals of several hosts lie. */
export type FleetPlace =
  | { readonly kind: "directory"; readonly directory: string }
  | { readonly kind: "files"; readonly files: readonly string[] }
  /** This machine's, and what it has received of others: what `journalctl --merge` reads. */
  | { readonly kind: "merged" }
  /** A journal that is read without files: a gateway, a saved text. */
  | { readonly kind: "reader"; readonly journal: JournalReader; readonly origin: string };

/** One host of a fleet. It answers from its own entries alone. */
export interface FleetHost {
  /** As its journald wrote it; `unknown` where no entry says it. */
  readonly machineId: string;
  /** Its last one. */
  readonly hostname: string;
  readonly host: Host;
}

export interface Fleet {
  /** By host name, then by machine id. */
  readonly hosts: readonly FleetHost[];
  /** What could not be looked at, each a sentence: a host may be missing. */
  readonly complaints: readonly string[];
}

/**
 * The hosts that a place holds journals of, told apart by machine id, since a host name may change and two hosts may have the same.
 *
 * @param vms with names: only the hosts that have entries about one of them, found without opening each journal
 */
export const journalHosts = async (place: FleetPlace, vms: readonly VmName[]): Promise<Fleet> => {
  const matches = vms.flatMap((vm, index) => [...(index === 0 ? [] : ["+"]), ...vmMatches(vm)]);
  if (place.kind === "reader") {
    const { machines, isShared, complaint } = await machinesIn(place.journal, matches);
    const journals = machines.map((machineId) => ({
      machineId,
      journal: isShared ? ofMachine(place.journal, machineId) : place.journal,
    }));
    return {
      hosts: await named(journals, async () => undefined),
      complaints: complaint === undefined ? [] : [`${place.origin}: ${complaint}`],
    };
  }
  const { sources, unreadable } = await sourcesAt(place);
  const found = await fileJournals(sources, matches);
  const journals = found.journals.map(journalOf);
  const own = place.kind === "merged" ? await ownMachine() : undefined;
  return {
    hosts: await named(journals, async (machineId) =>
      machineId === own ? openHost("/") : undefined,
    ),
    complaints: [
      ...unreadable.map((directory) => `${directory} could not be read`),
      ...found.complaints,
    ],
  };
};

const sourcesAt = async (
  place: Exclude<FleetPlace, { kind: "reader" }>,
): Promise<{ readonly sources: readonly FileSource[]; readonly unreadable: readonly string[] }> => {
  switch (place.kind) {
    case "directory":
      return sourcesIn([place.directory]);
    case "merged":
      return sourcesIn(JOURNAL_DIRECTORIES);
    case "files":
      return { sources: sourcesOf(place.files), unreadable: [] };
  }
};

const ownMachine = async (): Promise<string | undefined> => {
  const id = await openHost("/").readText(hostPath("/etc/machine-id"));
  return id.status === "present" ? id.value.trim() : undefined;
};

interface JournalOfOne {
  readonly machineId: string;
  readonly journal: JournalReader;
}

/** Only where a source holds several machines, every question needs the machine as a condition. */
const journalOf = ({ machineId, sources, isShared }: JournalOfMachines): JournalOfOne => {
  const journal = readerOfSources(sources);
  return { machineId, journal: isShared ? ofMachine(journal, machineId) : journal };
};

const named = async (
  journals: readonly JournalOfOne[],
  liveHost: (machineId: string) => Promise<Host | undefined>,
): Promise<readonly FleetHost[]> => {
  const hosts = await Promise.all(
    journals.map(async ({ machineId, journal }) => {
      const newest = await journal.run(["--output=json", "--lines=1"]);
      const [hostname = "unknown"] = valuesIn(newest.stdout, "_HOSTNAME");
      const host =
        (await liveHost(machineId)) ?? journalOnly(journal, `the journal of ${hostname}`);
      return { machineId, hostname, host };
    }),
  );
  return hosts.toSorted(
    (a, b) => compare(a.hostname, b.hostname) || compare(a.machineId, b.machineId),
  );
};

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
