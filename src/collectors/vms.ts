import type { Host } from "../host/host.ts";
import { hasFailed } from "../host/present-values.ts";
import { failureText } from "../journal/read.ts";
import { parseVmName, hostPath, type HostPath, type VmName } from "../vocabulary.ts";
import { lossOf } from "./losses.ts";
import { listStateDirectories } from "./state-directory.ts";

export interface VmsFound {
  readonly names: readonly VmName[];
  /** Where names could not be looked for, in words that say why. */
  readonly unreadable: readonly string[];
}

const UNIT_DIRECTORIES = ["/etc/systemd/system", "/run/systemd/system"].map(hostPath);
const CONFIGURED = [...UNIT_DIRECTORIES, hostPath("/etc/systemd/system/microvms.target.wants")];
const UNIT_NAMES = [
  /^install-microvm-(?<vm>.+)\.service$/u,
  /^microvm@(?<vm>.+)\.service(?:\.d)?$/u,
];
const UNIT_IN_JOURNAL = /^microvm@(?<vm>.+)\.service$/u;

/**
 * Every VM that the state directory, systemd's configuration or the journal knows. The journal is not asked where the files know all VMs
 * that somebody named.
 */
export const findVms = async (
  host: Host,
  stateRoot: HostPath,
  named: readonly VmName[] = [],
): Promise<VmsFound> => {
  const { names: inFiles, unreadable: unread } = await findVmsInFiles(host, stateRoot);
  const isEnough = named.length > 0 && named.every((name) => inFiles.includes(name));
  const inJournal = isEnough ? { names: [] } : await namesInJournal(host);
  return {
    names: vmNames([...inFiles, ...inJournal.names]),
    unreadable: [...unread, ...(inJournal.problem === undefined ? [] : [inJournal.problem])],
  };
};

/** Every VM that the state directory or systemd's configuration knows. No program is run. */
const findVmsInFiles = async (host: Host, stateRoot: HostPath): Promise<VmsFound> => {
  const [directories, configured] = await Promise.all([
    listStateDirectories(host, stateRoot),
    Promise.all(CONFIGURED.map((path) => host.list(path))),
  ]);
  const names = vmNames([
    ...(directories ?? []),
    ...configured
      .flatMap((entries) => (entries.status === "present" ? entries.value : []))
      .flatMap((entry) => matching(entry, UNIT_NAMES)),
  ]);
  const unreadable = [
    ...(directories === undefined ? [stateRoot] : []),
    ...CONFIGURED.filter((_, index) => {
      const entries = configured[index];
      return entries !== undefined && lossOf(entries) !== undefined;
    }),
  ].map((place) => `${place} could not be listed`);
  return { names, unreadable };
};

const namesInJournal = async (
  host: Host,
): Promise<{ readonly names: readonly string[]; readonly problem?: string }> => {
  const logged = await Promise.all(
    ["UNIT", "_SYSTEMD_UNIT"].map((field) =>
      host.run({ program: "journalctl", args: [`--field=${field}`] }),
    ),
  );
  const names = logged
    .flatMap(({ stdout }) => stdout.split("\n"))
    .flatMap((unit) => matching(unit, [UNIT_IN_JOURNAL]));
  const failed = logged.find(hasFailed);
  return {
    names,
    ...(failed === undefined
      ? {}
      : { problem: `the journal could not be asked for names: ${failureText(failed)}` }),
  };
};

const vmNames = (names: readonly string[]): readonly VmName[] =>
  [...new Set(names.flatMap((name) => parseVmName(name) ?? []))].toSorted();

const matching = (text: string, patterns: readonly RegExp[]): readonly string[] =>
  patterns.flatMap((pattern) => pattern.exec(text)?.groups?.["vm"] ?? []);
