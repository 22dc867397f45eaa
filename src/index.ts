import { collectStateRoot } from "./collectors/unit.ts";
import { findVms } from "./collectors/vms.ts";
import { readZone } from "./collectors/identity.ts";
import { diagnoseVms, type Diagnosis } from "./diagnosis/diagnose.ts";
import { parseSuppressions } from "./diagnosis/suppression-file.ts";
import type { Suppressions } from "./diagnosis/suppression.ts";
import { readConfig } from "./host/config-file.ts";
import type { Host } from "./host/host.ts";
import { openConfiguration } from "./host/open-configuration.ts";
import { openHost, openJournal } from "./host/open-host.ts";
import { openRecording } from "./host/recording-file.ts";
import { isDirectory, realDirectory } from "./host/directory.ts";
import { readBoots } from "./journal/boots.ts";
import { belongsToThisMachine } from "./journal/machine.ts";
import type { Window } from "./journal/read.ts";
import {
  renderCatalogueJson,
  renderRule,
  renderRules,
  type RuleEntry,
} from "./report/catalogue.ts";
import { renderCheckJson } from "./report/check-json.ts";
import { renderCheckMarkdown } from "./report/check-markdown.ts";
import { renderCheck } from "./report/check-text.ts";
import { renderRuleIndex, renderRulePage } from "./report/rule-pages.ts";
import { renderJson } from "./report/json.ts";
import { renderMarkdown } from "./report/markdown.ts";
import { renderText } from "./report/text.ts";
import { renderTimelineJson } from "./report/timeline-json.ts";
import { renderTimelineMarkdown } from "./report/timeline-markdown.ts";
import { renderTimeline } from "./report/timeline-text.ts";
import type { Report } from "./report/report.ts";
import type { PageOptions } from "./report/page.ts";
import { RULES } from "./rules/index.ts";
import { parseSystemdTime } from "./time/systemd-time.ts";
import { micros, parseVmName, type Micros, type Severity, type VmName } from "./vocabulary.ts";

/**
 * Gives a recording other names; with the map and its file.
 *
 * @internal
 */
export { pseudonymise } from "./host/pseudonyms.ts";

/** Where the evidence comes from, as the command line names it; nothing of it means this host. */
export interface Source {
  readonly root?: string | undefined;
  readonly directory?: string | undefined;
  readonly file?: readonly string[] | undefined;
  readonly bundle?: string | undefined;
}

/** Times in the grammar of systemd.time(7); `boot` as journalctl -b takes it. */
export interface Times {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly boot?: string | undefined;
  readonly now?: string | undefined;
  readonly utc?: boolean | undefined;
}

export interface Request {
  readonly source: Source;
  readonly times: Times;
  /** Without a name: every VM found. */
  readonly vms: readonly string[];
  /** A flake reference to the configuration repository, a directory of this machine. */
  readonly flake?: string | undefined;
  /** A configuration file of this machine; without it the usual one, where it is there. */
  readonly config?: string | undefined;
  readonly showSkipped?: boolean | undefined;
}

/** What came of a request. Each failure that was foreseen is an answer of its own. */
export type Answer =
  | {
      readonly status: "diagnosed";
      readonly report: Report;
      readonly severities: readonly Severity[];
      readonly complete: boolean;
    }
  | { readonly status: "no-such-vm"; readonly vm: string; readonly known: readonly string[] }
  | { readonly status: "wrong-usage"; readonly message: string; readonly hint?: string }
  | { readonly status: "bad-bundle"; readonly message: string };

/** Reads the evidence that the request names and reasons over it. */
export const diagnose = async (request: Request): Promise<Answer> => {
  const opened = await openSource(request.source);
  if (opened.status !== "opened") return opened;
  return diagnoseHost(opened.host, request);
};

/**
 * The same for a host that is open already.
 *
 * @internal
 */
export const diagnoseHost = async (host: Host, request: Request): Promise<Answer> => {
  const names: VmName[] = [];
  for (const text of request.vms) {
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
  const wishes = await readSuppressions(request.config);
  if (wishes.status === "wrong-usage") return wishes;
  const configuration =
    request.flake === undefined ? undefined : await openConfiguration(host, request.flake);
  if (configuration?.status === "wrong-usage") return configuration;
  const [zone, boots, stateRoot] = await Promise.all([
    readZone(host),
    readBoots(host),
    collectStateRoot(host),
  ]);
  const last = boots.boots.at(-1)?.last;
  const clock = micros(Date.now() * 1000);
  const times = resolveTimes(request.times, {
    zone,
    clock,
    base: host.kind === "live" ? clock : (last ?? clock),
  });
  if (times.status === "wrong-usage") return times;
  const window: Window = {
    ...times.window,
    ...(request.times.boot === undefined ? {} : { boot: request.times.boot }),
  };
  const found = await findVms(host, stateRoot, names);
  const unknown = names.find((name) => !found.names.includes(name));
  // A name that cannot be looked up because nothing may be read is no unknown name.
  if (unknown !== undefined && found.unreadable.length === 0) {
    return { status: "no-such-vm", vm: unknown, known: found.names };
  }
  const diagnosis = await diagnoseVms(
    host,
    names.length > 0 ? names : found.names,
    window,
    {
      zone,
      boots,
      stateRoot,
      ...(configuration === undefined ? {} : { configuration }),
    },
    { now: times.now, suppressions: wishes.suppressions },
  );
  return {
    status: "diagnosed",
    report: {
      diagnosis,
      zone: request.times.utc === true ? "UTC" : zone,
      generatedAt: times.now,
      showSkipped: request.showSkipped === true,
    },
    severities: severitiesOf(diagnosis),
    complete: diagnosis.complete,
  };
};

/** What counts for the exit status: everything that is not repaired. */
const severitiesOf = ({ vms }: Diagnosis): readonly Severity[] =>
  vms.flatMap(({ findings }) => findings.map(({ severity }) => severity));

type Opened =
  | { readonly status: "opened"; readonly host: Host }
  | Extract<Answer, { status: "wrong-usage" | "bad-bundle" }>;

const openSource = async (source: Source): Promise<Opened> => {
  if (source.bundle !== undefined) {
    const opened = await openRecording(source.bundle);
    return opened.status === "opened"
      ? opened
      : { status: "bad-bundle", message: `${source.bundle} cannot be used: ${opened.why}` };
  }
  for (const [flag, directory] of [
    ["--root", source.root],
    ["--directory", source.directory],
  ] as const) {
    if (directory !== undefined && !(await isDirectory(directory))) {
      return {
        status: "wrong-usage",
        message: `${flag} ${directory} is no directory that can be entered`,
      };
    }
  }
  const journal = {
    ...(source.directory === undefined ? {} : { directory: source.directory }),
    ...(source.file === undefined ? {} : { files: source.file }),
  };
  if (source.root !== undefined) {
    return { status: "opened", host: openHost(await realDirectory(source.root), journal) };
  }
  const host = openHost("/", journal);
  // A journal of another machine says nothing about the files of this one.
  if (host.kind === "live" || (await belongsToThisMachine(host))) return { status: "opened", host };
  return { status: "opened", host: openJournal(journal) };
};

type Wished =
  | { readonly status: "read"; readonly suppressions: Suppressions | undefined }
  | Extract<Answer, { status: "wrong-usage" }>;

const readSuppressions = async (named: string | undefined): Promise<Wished> => {
  const config = await readConfig(named);
  switch (config.status) {
    case "none":
      return { status: "read", suppressions: undefined };
    case "unreadable":
      return {
        status: "wrong-usage",
        message: `${config.file} cannot be used: ${config.why}`,
        hint: "--config names another file",
      };
    case "read": {
      const parsed = parseSuppressions(config.text, config.file);
      return parsed.status === "parsed"
        ? { status: "read", suppressions: parsed.suppressions }
        : {
            status: "wrong-usage",
            message: parsed.message,
            hint: "docs/suppression.md tells what it may hold",
          };
    }
  }
};

interface Clock {
  readonly zone: string;
  readonly clock: Micros;
  /** What a bare time is the day of, where `--now` is not given. */
  readonly base: Micros;
}

type ResolvedTimes =
  | {
      readonly status: "resolved";
      readonly now: Micros;
      readonly window: { readonly since?: Micros; readonly until?: Micros };
    }
  | Extract<Answer, { status: "wrong-usage" }>;

const resolveTimes = (times: Times, { zone, clock, base }: Clock): ResolvedTimes => {
  const fixed = times.now === undefined ? clock : parseSystemdTime(times.now, { now: base, zone });
  if (fixed === undefined) return wrong("--now", times.now ?? "");
  const at = { now: times.now === undefined ? base : fixed, zone };
  const since = times.since === undefined ? undefined : parseSystemdTime(times.since, at);
  const until = times.until === undefined ? undefined : parseSystemdTime(times.until, at);
  if (times.since !== undefined && since === undefined) return wrong("--since", times.since);
  if (times.until !== undefined && until === undefined) return wrong("--until", times.until);
  if (since !== undefined && until !== undefined && since > until) {
    return { status: "wrong-usage", message: "--since lies behind --until" };
  }
  return {
    status: "resolved",
    now: fixed,
    window: {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    },
  };
};

const wrong = (flag: string, text: string): ResolvedTimes => ({
  status: "wrong-usage",
  message: `${flag} ${JSON.stringify(text)} is no time that systemd.time(7) knows`,
  hint: 'for example "00:40", "2025-09-27 00:40:00", "yesterday" or "-2h"',
});

/** Every rule with its documentation, in the order of the ids. */
export const catalogue = (): readonly RuleEntry[] =>
  RULES.map(({ id, severity, docs, requires, optional = [], anyOf = [], causes }) => ({
    id,
    severity,
    ...docs,
    needs: requires,
    needsOneOf: anyOf,
    uses: optional.filter((key) => !anyOf.includes(key)),
    canCause: [...new Set((causes ?? []).flatMap(({ effects }) => effects))],
  }));

/** The catalogue in the format asked for. */
export const renderCatalogue = (
  entries: readonly RuleEntry[],
  format: Format,
  options: PageOptions,
): string =>
  ({
    text: () => renderRules(entries, options),
    markdown: () => renderRuleIndex(entries),
    json: () => renderCatalogueJson(entries),
  })[format]();

/** One entry of the catalogue in the format asked for. */
export const renderCatalogueEntry = (
  entry: RuleEntry,
  format: Format,
  options: PageOptions,
): string =>
  ({
    text: () => renderRule(entry, options),
    markdown: () => renderRulePage(entry),
    json: () => renderCatalogueJson([entry]),
  })[format]();

/** How a report of a next start ends: what stands in the way, and whether everything could be looked at that decides it. */
export const foretold = ({
  diagnosis,
}: Report): { readonly severities: readonly Severity[]; readonly complete: boolean } => ({
  severities: diagnosis.vms.flatMap(({ nextStart }) =>
    nextStart.findings.map(({ severity }) => severity),
  ),
  complete: diagnosis.vms.every(({ nextStart }) => nextStart.prediction !== "unknown"),
});

export type View = "diagnosis" | "timeline" | "check";
export type Format = "text" | "markdown" | "json";

/** A report as text in the format asked for. */
export const render = (
  report: Report,
  view: View,
  format: Format,
  options: PageOptions,
): string => {
  const renderers: Record<View, Record<Format, () => string>> = {
    diagnosis: {
      text: () => renderText(report, options),
      markdown: () => renderMarkdown(report),
      json: () => renderJson(report),
    },
    check: {
      text: () => renderCheck(report, options),
      markdown: () => renderCheckMarkdown(report),
      json: () => renderCheckJson(report),
    },
    timeline: {
      text: () => renderTimeline(report, options),
      markdown: () => renderTimelineMarkdown(report),
      json: () => renderTimelineJson(report),
    },
  };
  return renderers[view][format]();
};
