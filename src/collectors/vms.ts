import type { Host } from "../host/host.ts";
import { parseVmName, hostPath, type HostPath, type VmName } from "../vocabulary.ts";
import { listStateDirectories } from "./state-directory.ts";

export interface VmsFound {
  readonly names: readonly VmName[];
  /** Where names could not be looked for. */
  readonly unreadable: readonly string[];
}

const UNIT_DIRECTORIES = ["/etc/systemd/system", "/run/systemd/system"].map(hostPath);
const UNIT_NAMES = [
  /^install-microvm-(?<vm>.+)\.service$/u,
  /^microvm@(?<vm>.+)\.service(?:\.d)?$/u,
];
const UNIT_IN_JOURNAL = /^microvm@(?<vm>.+)\.service$/u;

/** Every VM that the state directory, systemd's configuration or the journal knows. */
export const findVms = async (host: Host, stateRoot: HostPath): Promise<VmsFound> => {
  const [directories, configured, logged] = await Promise.all([
    listStateDirectories(host, stateRoot),
    Promise.all(
      [...UNIT_DIRECTORIES, hostPath("/etc/systemd/system/microvms.target.wants")].map((path) =>
        host.list(path),
      ),
    ),
    Promise.all(
      ["UNIT", "_SYSTEMD_UNIT"].map((field) =>
        host.run({ program: "journalctl", args: [`--field=${field}`] }),
      ),
    ),
  ]);
  const names = [
    ...(directories ?? []),
    ...configured
      .flatMap((entries) => (entries.status === "present" ? entries.value : []))
      .flatMap((entry) => matching(entry, UNIT_NAMES)),
    ...logged
      .flatMap(({ stdout }) => stdout.split("\n"))
      .flatMap((unit) => matching(unit, [UNIT_IN_JOURNAL])),
  ];
  const vms = names.flatMap((name) => parseVmName(name) ?? []);
  return {
    names: [...new Set(vms)].toSorted(),
    unreadable: directories === undefined ? [stateRoot] : [],
  };
};

const matching = (text: string, patterns: readonly RegExp[]): readonly string[] =>
  patterns.flatMap((pattern) => pattern.exec(text)?.groups?.["vm"] ?? []);
