/** The words that all layers share. Imports nothing, so that every layer may import it. */

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A point in time, in microseconds since 1970-01-01 UTC, as journald counts (safe as a double until 2255). */
export type Micros = Brand<number, "Micros">;
/** The name of a VM of microvm.nix: the instance name of `microvm@NAME.service`. */
export type VmName = Brand<string, "VmName">;
/** A systemd unit with its suffix: `microvm@test-vm.service`. */
export type UnitName = Brand<string, "UnitName">;
/** The 128-bit id that systemd gives one start of a unit, 32 hex digits. */
export type InvocationId = Brand<string, "InvocationId">;
/** The kernel's boot id, 32 hex digits. */
export type BootId = Brand<string, "BootId">;
/** An absolute path on the host that is looked at, never one of the machine that looks. */
export type HostPath = Brand<string, "HostPath">;
/** `/nix/store/<32 base-32 characters>-<name>`, without anything below it. */
export type StorePath = Brand<string, "StorePath">;

export const micros = (value: number): Micros => value as Micros;

/**
 * The nearest time that can be counted and shown (years 1684 to 2255), to one that somebody wrote: file systems and programs hold any
 * number. Something that is no number gives 1970.
 */
export const nearestMicros = (value: number): Micros =>
  micros(
    Number.isNaN(value)
      ? 0
      : Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(value))),
  );
/** Whether a number is a time that can be counted and shown. */
export const isMicros = (value: number): value is Micros => Number.isSafeInteger(value);

export const unitName = (value: string): UnitName => value as UnitName;
export const invocationId = (value: string): InvocationId => value as InvocationId;
export const bootId = (value: string): BootId => value as BootId;

/** Takes an absolute path; throws a RangeError for another one, which is a bug of the caller. */
export const hostPath = (value: string): HostPath => {
  if (!value.startsWith("/")) throw new RangeError(`not an absolute path: ${value}`);
  return value as HostPath;
};

/** A whole component: 32 digits of Nix's base 32, and a name of 211 characters at most (nix, src/libstore/path.cc). */
const STORE_PATH =
  /^\/nix\/store\/[0-9abcdfghijklmnpqrsvwxyz]{32}-[A-Za-z0-9+\-._?=]{1,211}(?![^/])/u;

/** The store path that a path lies in or below; `undefined` for one outside the store. */
export const storePathOf = (path: string): StorePath | undefined =>
  STORE_PATH.exec(path)?.[0] as StorePath | undefined;

/** The VM that `microvm@VM.service` is about. */
export const vmOfUnit = (unit: UnitName): VmName =>
  unit.replace(/^microvm@|\.service$/gu, "") as VmName;

/** A VM's name as systemd allows it in an instance; `undefined` for one that could leave the state directory. */
export const parseVmName = (value: string): VmName | undefined => {
  const name = value.replace(/^microvm@/u, "").replace(/\.service$/u, "");
  return /^[A-Za-z0-9:_.@-]{1,128}$/u.test(name) && !/^\.+$/u.test(name)
    ? (name as VmName)
    : undefined;
};

export const STAGES = ["source", "access", "credentials", "runner", "hypervisor", "guest"] as const;
export type Stage = (typeof STAGES)[number];
export type StageState = "ok" | "broken" | "unknown" | "not-reached" | "not-configured";

export type RuleGroup = Stage | "lifecycle" | "exposure" | "unrelated";
export type RuleId = `${RuleGroup}/${string}`;

const isStage = (group: string): group is Stage => STAGES.some((stage) => stage === group);

/** The stage that a rule's group is named after; `undefined` for lifecycle, exposure and unrelated. */
export const stageOf = (id: RuleId): Stage | undefined => {
  const group = id.slice(0, id.indexOf("/"));
  return isStage(group) ? group : undefined;
};

/** What of a host can be given other names: machines with their ids and domains, people, and the places that people made up names for. */
export const REDACTABLE = ["hosts", "users", "paths"] as const;
export type Redactable = (typeof REDACTABLE)[number];

export const SEVERITIES = ["critical", "error", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Certainty = "proven" | "strong" | "weak";
export type Role = "root-cause" | "consequence" | "contributing" | "risk" | "note";
