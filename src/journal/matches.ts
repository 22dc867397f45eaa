import type { UnitName, VmName } from "../vocabulary.ts";
import { unitName } from "../vocabulary.ts";
import { MESSAGE_ID } from "./message-ids.ts";

/** The VM's own unit. */
export const vmUnit = (vm: VmName): UnitName => unitName(`microvm@${vm}.service`);

/** Units that microvm.nix runs for one VM (nixos-modules/host/default.nix at 71beea0). */
export const helperUnits = (vm: VmName): readonly UnitName[] =>
  [
    `install-microvm-${vm}.service`,
    `microvm-set-booted@${vm}.service`,
    `microvm-tap-interfaces@${vm}.service`,
    `microvm-macvtap-interfaces@${vm}.service`,
    `microvm-pci-devices@${vm}.service`,
    `microvm-virtiofsd@${vm}.service`,
  ].map(unitName);

/**
 * All lines about these units, as journalctl arguments.
 * `-u` is not enough: it loses the lines of a child that died before journald looked at it (systemd#2913).
 */
export const unitMatches = (
  units: readonly UnitName[],
  identifiers: readonly string[],
): readonly string[] =>
  alternatives([
    ...["UNIT", "_SYSTEMD_UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT"].map((field) =>
      units.map((unit) => `${field}=${unit}`),
    ),
    identifiers.map((identifier) => `SYSLOG_IDENTIFIER=${identifier}`),
  ]);

/** The identifiers of a VM's own lines, which stay where a process lost its unit. */
export const vmIdentifiers = (vm: VmName): readonly string[] => [
  `microvm@${vm}`,
  `install-microvm-${vm}`,
];

export const vmMatches = (vm: VmName): readonly string[] =>
  unitMatches([vmUnit(vm), ...helperUnits(vm)], vmIdentifiers(vm));

/** Lines that carry no unit at all but belong to these starts. */
export const invocationMatches = (ids: readonly string[]): readonly string[] =>
  alternatives([
    ids.map((id) => `INVOCATION_ID=${id}`),
    ids.map((id) => `_SYSTEMD_INVOCATION_ID=${id}`),
  ]);

/** Units and identifiers that install secrets: sops-nix and agenix, as units or as activation snippets. */
const SECRET_INSTALLERS = [
  "sops-install-secrets.service",
  "sops-install-secrets-for-users.service",
  "agenix-install-secrets.service",
  "agenix.service",
].map(unitName);

/** Units that switch the system or collect garbage, with or without an operator. */
const HOUSEKEEPING = [
  "nix-gc.service",
  "nixos-rebuild-switch-to-configuration.service",
  "nixos-upgrade.service",
].map(unitName);

/** What happened to the host and to its journal, independent of any VM. */
export const hostMatches = (): readonly string[] => [
  ...unitMatches(
    [...SECRET_INSTALLERS, ...HOUSEKEEPING],
    ["nixos", "sudo", "sops-install-secrets", "agenix"],
  ),
  "+",
  ...[
    MESSAGE_ID.journalStart,
    MESSAGE_ID.journalStop,
    MESSAGE_ID.journalDropped,
    MESSAGE_ID.timeChange,
  ].map((id) => `MESSAGE_ID=${id}`),
];

/** Identifiers under which an activation writes at boot, in the initrd and at a switch (nixpkgs stage-2-init.sh, switch-to-configuration). */
const ACTIVATIONS = ["stage-2-init", "initrd-nixos-activation-start", "nixos", "activate"];

/** What installers of secrets say, whoever runs them. */
export const installerMatches = (): readonly string[] =>
  unitMatches(SECRET_INSTALLERS, ["sops-install-secrets", "agenix", ...ACTIVATIONS]);

/**
 * What the kernel and the audit log say at warning or above, and refusals of SELinux and AppArmor, which are notices;
 * kills for want of memory, by the kernel and by systemd-oomd.
 */
export const kernelMatches = (): readonly string[] =>
  alternatives([
    ["_TRANSPORT=audit"],
    ["_TRANSPORT=kernel", ...[0, 1, 2, 3, 4, 5].map((level) => `PRIORITY=${level}`)],
    [MESSAGE_ID.kernelOutOfMemory, MESSAGE_ID.oomdKill].map((id) => `MESSAGE_ID=${id}`),
  ]);

/** Matches of one field are alternatives, of several fields conditions; `+` separates whole alternatives. */
const alternatives = (groups: readonly (readonly string[])[]): readonly string[] =>
  groups
    .filter((group) => group.length > 0)
    .flatMap((group, index) => (index === 0 ? group : ["+", ...group]));
