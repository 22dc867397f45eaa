import { readZone } from "../collectors/identity.ts";
import { collectStateRoot } from "../collectors/unit.ts";
import { findVms, type VmsFound } from "../collectors/vms.ts";
import type { HostBasics } from "../diagnosis/diagnose.ts";
import type { Host, Scope } from "../host/host.ts";
import { openConfiguration } from "../host/open-configuration.ts";
import { bootNamed, readBoots } from "../journal/boots.ts";
import type { Window } from "../journal/read.ts";
import { micros, parseVmName, type HostPath, type Micros, type VmName } from "../vocabulary.ts";
import type { Request, WrongUsage } from "./request.ts";
import { resolveTimes } from "./times.ts";

/** What has to be known of a host before anything of a VM is read. */
export interface LookedAt {
  readonly status: "looked-at";
  readonly host: Host;
  readonly basics: HostBasics;
  readonly window: Window;
  /** The time of the report. */
  readonly now: Micros;
  readonly found: VmsFound;
}

/** Reads the zone, the boots and the names of the VMs of a host, and what the times of the request mean there. */
export const lookAtHost = async (
  host: Host,
  { flake, times }: Pick<Request, "flake" | "times">,
  names: readonly VmName[],
): Promise<LookedAt | WrongUsage> => {
  const configuration = flake === undefined ? undefined : await openConfiguration(host, flake);
  if (configuration?.status === "wrong-usage") return configuration;
  const [zone, boots, stateRoot] = await Promise.all([
    readZone(host),
    readBoots(host),
    collectStateRoot(host),
  ]);
  const last = boots.boots.at(-1)?.last;
  const clock = micros(Date.now() * 1000);
  const resolved = resolveTimes(times, {
    zone,
    clock,
    base: host.kind === "live" ? clock : (last ?? clock),
  });
  if (resolved.status === "wrong-usage") return resolved;
  const { scope } = host;
  const found = await vmsOn(host, stateRoot, names);
  return {
    status: "looked-at",
    host,
    basics: {
      zone,
      boots,
      stateRoot,
      ...(names.length === 0 ? { unreadable: found.unreadable } : {}),
      ...(configuration === undefined ? {} : { configuration }),
    },
    window: within(scope, {
      ...resolved.window,
      ...(times.boot === undefined ? {} : { boot: bootNamed(times.boot, boots.boots) }),
    }),
    now: resolved.now,
    found,
  };
};

/** A bundle has the VMs that it was collected for; where others may be is only known of one that was asked for all. */
export const vmsOn = async (
  host: Host,
  stateRoot: HostPath,
  names: readonly VmName[],
): Promise<VmsFound> => {
  const { scope } = host;
  if (scope === undefined) return findVms(host, stateRoot, names);
  const { unreadable } =
    scope.everyVm && names.length === 0 ? await findVms(host, stateRoot) : { unreadable: [] };
  return { names: scopedNames(scope), unreadable };
};

const scopedNames = ({ vms }: Scope): readonly VmName[] =>
  vms.flatMap((name) => parseVmName(name) ?? []);

/** No more of the span than a bundle was collected for: of the rest it says nothing. */
const within = (scope: Scope | undefined, window: Window): Window => {
  const since = Math.max(scope?.since ?? 0, window.since ?? 0);
  const boot = window.boot ?? scope?.boot;
  return {
    ...window,
    ...(since === 0 ? {} : { since: micros(since) }),
    ...(boot === undefined ? {} : { boot }),
  };
};
