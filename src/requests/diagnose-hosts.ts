import { diagnoseVms, type Wishes } from "../diagnosis/diagnose.ts";
import type { Host } from "../host/host.ts";
import { heardHost, type JournalSpan } from "../host/heard-host.ts";
import { interruptible } from "../host/interruptible-host.ts";
import { notingCommands, type NotedCommand } from "../host/noted-commands.ts";
import type { Report } from "../report/report.ts";
import { micros, parseVmName, type VmName } from "../vocabulary.ts";
import { lookAtHost, type LookedAt } from "./look-at-host.ts";
import type { Answer, NoSuchVm, Request, WrongUsage } from "./request.ts";
import { sideBySide } from "./side-by-side.ts";
import { readSuppressions } from "./suppressions.ts";

/** Each host is asked by some ten programs at once. */
const HOSTS_AT_A_TIME = 8;

/** Reasons over hosts that are open: one report for each, read side by side. */
export const diagnoseHosts = async (
  hosts: readonly [Host, ...Host[]],
  request: Request,
): Promise<Answer> => {
  const named = vmNames(request.vms);
  if (named.status === "wrong-usage") return named;
  const wishes = await readSuppressions(request.config);
  if (wishes.status === "wrong-usage") return wishes;
  const { signal } = request;
  const looks: LookedAt[] = [];
  const noted = new Map<Host, () => readonly NotedCommand[]>();
  const spans = new Map<Host, (span: JournalSpan | undefined) => void>();
  const asked = (host: Host): Host => {
    const ended = signal === undefined ? host : interruptible(host, signal);
    const noting = request.showCommands === true ? notingCommands(ended) : undefined;
    const { listener } = request;
    const heard = listener === undefined ? undefined : heardHost(noting?.host ?? ended, listener);
    const one = heard?.host ?? noting?.host ?? ended;
    if (noting !== undefined) noted.set(one, noting.noted);
    if (heard !== undefined) spans.set(one, heard.spans);
    return one;
  };
  for (const look of await sideBySide(hosts, HOSTS_AT_A_TIME, (host) =>
    lookAtHost(asked(host), request, named.names),
  )) {
    if (look.status === "wrong-usage") return look;
    spans.get(look.host)?.(spanOf(look));
    looks.push(look);
  }
  const unknown = unknownVm(named.names, looks);
  if (unknown !== undefined) return unknown;
  const reportOf = async (look: LookedAt): Promise<Report> => {
    const { host, window, basics, now } = look;
    const vms = vmsOf(look, named.names, looks.length > 1);
    const diagnosis = await diagnoseVms(host, vms, window, basics, {
      now,
      suppressions: wishes.suppressions,
      everyStart: request.everyStart === true,
      ...listWishes(host, request),
    });
    return {
      diagnosis,
      zone: request.times.utc === true ? "UTC" : basics.zone,
      generatedAt: now,
      showSkipped: request.showSkipped === true,
      ...commandsOf(noted.get(host)),
    };
  };
  const [first, ...others] = await sideBySide(looks, HOSTS_AT_A_TIME, reportOf);
  if (first === undefined) throw new TypeError("no host was given");
  const reports = [first, ...others] as const;
  return {
    status: "diagnosed",
    reports,
    severities: reports.flatMap(({ diagnosis }) =>
      diagnosis.vms.flatMap(({ findings }) => findings.map(({ severity }) => severity)),
    ),
    complete: reports.every(({ diagnosis }) => diagnosis.complete),
  };
};

/**
 * The same for one host.
 *
 * @internal
 */
export const diagnoseHost = (host: Host, request: Request): Promise<Answer> =>
  diagnoseHosts([host], request);

const commandsOf = (noted: (() => readonly NotedCommand[]) | undefined): Pick<Report, "commands"> =>
  noted === undefined ? {} : { commands: noted() };

/** Which times the window of a look can have, where the journal tells its boots. */
const spanOf = ({ basics: { boots }, window }: LookedAt): JournalSpan | undefined => {
  const within = boots.boots.filter(({ id }) => window.boot === undefined || id === window.boot);
  const [oldest] = within;
  const newest = within.at(-1);
  if (oldest === undefined || newest === undefined) return undefined;
  return {
    first: micros(Math.max(oldest.first, window.since ?? oldest.first)),
    last: micros(Math.min(newest.last, window.until ?? newest.last)),
  };
};

/** A bundle has the answers to what a diagnosis asks, which is about one VM at a time. */
const listWishes = (host: Host, { list }: Request): Pick<Wishes, "list"> =>
  list === undefined
    ? {}
    : {
        list: {
          mostDiagnosed: list.mostDiagnosed,
          eachAlone: list.isRecorded === true || host.kind === "bundle",
        },
      };

type Names = { readonly status: "names"; readonly names: readonly VmName[] } | WrongUsage;

const vmNames = (texts: readonly string[]): Names => {
  const names: VmName[] = [];
  for (const text of texts) {
    const name = parseVmName(text);
    if (name === undefined) {
      return {
        status: "wrong-usage",
        message: `${JSON.stringify(text)} cannot be the name of a VM`,
        hint: "a name is what stands between microvm@ and .service, without a slash",
      };
    }
    names.push(name);
  }
  return { status: "names", names };
};

/** A name that no host knows; one that cannot be looked up because nothing may be read is no unknown name. */
const unknownVm = (names: readonly VmName[], looks: readonly LookedAt[]): NoSuchVm | undefined => {
  if (looks.some(({ found }) => found.unreadable.length > 0)) return undefined;
  const known = [...new Set(looks.flatMap(({ found }) => found.names))].toSorted();
  const vm = names.find((name) => !known.includes(name));
  return vm === undefined ? undefined : { status: "no-such-vm", vm, known };
};

/** The VMs to look at on one host: of several hosts, each answers for those that it knows. */
const vmsOf = (
  { found }: LookedAt,
  names: readonly VmName[],
  severalHosts: boolean,
): readonly VmName[] => {
  if (names.length === 0) return found.names;
  return severalHosts ? names.filter((name) => found.names.includes(name)) : names;
};
