import { packBundle, type CollectedHost } from "../host/bundle/pack.ts";
import type { Host } from "../host/host.ts";
import { interruptible } from "../host/interruptible-host.ts";
import { recordHost, type Recording, type RecordingHost } from "../host/recording.ts";
import type { Report, Reports } from "../report/report.ts";
import { formatUtc } from "../time/format-time.ts";
import { VERSION } from "../version.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import { openSource } from "./open-source.ts";
import { redactRecordings } from "./redact.ts";
import type { Refusal, Request } from "./request.ts";

export type CollectAnswer =
  | {
      readonly status: "collected";
      readonly bundle: Uint8Array;
      /** What the pseudonyms stand for, as the text of a file; absent where none was asked for. */
      readonly map?: string;
      /** What is in it, and what could not be read, a line each. */
      readonly summary: readonly string[];
      readonly complete: boolean;
    }
  | Refusal;

/** Reads everything that `diagnose` would read into a bundle. */
export const collect = async (request: Request): Promise<CollectAnswer> => {
  const opened = await openSource(request.source, request.vms);
  if (opened.status !== "opened") return opened;
  try {
    return await collectFrom(opened.hosts, request);
  } finally {
    await opened.close();
  }
};

const collectFrom = async (
  hosts: readonly [Host, ...Host[]],
  request: Request,
): Promise<CollectAnswer> => {
  const [first, ...others] = hosts;
  const { signal, redaction } = request;
  const recording = (host: Host): RecordingHost =>
    recordHost(signal === undefined ? host : interruptible(host, signal));
  const recordings = [recording(first), ...others.map(recording)] as const;
  const answer = await diagnoseHosts(
    [recordings[0].host, ...recordings.slice(1).map(({ host }) => host)],
    request,
  );
  if (answer.status !== "diagnosed") return answer;
  const { reports, complete } = answer;
  const recorded = recordings.map((one) => one.recorded());
  const redacted =
    redaction === undefined ? undefined : await redactRecordings(recorded, redaction);
  if (redacted?.status === "wrong-usage") return redacted;
  const bundle = await packBundle(
    (redacted?.recordings ?? recorded).map((one, index) => collectedHost(one, reports[index])),
    {
      tool: { name: "mvdoctor", version: VERSION },
      collected: formatUtc(reports[0].generatedAt),
      interrupted: request.signal?.aborted === true,
      redacted: [...(redaction?.kinds ?? [])],
    },
  );
  return {
    status: "collected",
    bundle,
    ...(redacted === undefined ? {} : { map: redacted.map }),
    summary: summaryOf(reports, bundle),
    complete,
  };
};

const collectedHost = (recorded: Recording, report: Report | undefined): CollectedHost => {
  const { since, until, boot } = report?.diagnosis.window ?? {};
  return {
    recorded,
    vms: report?.diagnosis.vms.map(({ vm }) => vm) ?? [],
    window: {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(boot === undefined ? {} : { boot }),
    },
  };
};

const summaryOf = (reports: Reports, { length }: Uint8Array): readonly string[] => [
  `collected ${named(reports)}: ${Math.ceil(length / 1024)} KiB`,
  ...reports.flatMap(({ diagnosis }) =>
    diagnosis.gaps.map(
      ({ source, reason, vm }) =>
        `gap${vm === undefined ? "" : ` for ${vm}`}, ${source}: ${printable(reason)}`,
    ),
  ),
];

const named = (reports: Reports): string => {
  const vms = reports.flatMap(({ diagnosis }) => diagnosis.vms.map(({ vm }) => vm));
  return vms.length === 0 ? "the host, where no VM was found" : vms.join(", ");
};

/** A reason may quote what a program of the host said. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ");
