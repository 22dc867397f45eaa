import { packBundle, type CollectedHost } from "../host/bundle/pack.ts";
import type { Host } from "../host/host.ts";
import type { Recording } from "../host/recording.ts";
import type { Report, Reports } from "../report/report.ts";
import { plain } from "../report/words.ts";
import { formatUtc } from "../time/format-time.ts";
import { VERSION } from "../version.ts";
import { diagnoseRecorded } from "./diagnose-recorded.ts";
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
  const { redaction } = request;
  const { answer, recordings } = await diagnoseRecorded(hosts, request);
  if (answer.status !== "diagnosed") return answer;
  const { reports, complete } = answer;
  const redacted =
    redaction === undefined ? undefined : await redactRecordings(recordings, redaction);
  if (redacted?.status === "wrong-usage") return redacted;
  const bundle = await packBundle(
    (redacted?.recordings ?? recordings).map((one, index) =>
      collectedHost(one, reports[index], request.vms.length === 0),
    ),
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

const collectedHost = (
  recorded: Recording,
  report: Report | undefined,
  everyVm: boolean,
): CollectedHost => {
  const { since, until, boot } = report?.diagnosis.window ?? {};
  return {
    recorded,
    vms: report?.diagnosis.vms.map(({ vm }) => vm) ?? [],
    everyVm,
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
        `gap${vm === undefined ? "" : ` for ${vm}`}, ${source}: ${plain(reason)}`,
    ),
  ),
];

const named = (reports: Reports): string => {
  const vms = reports.flatMap(({ diagnosis }) => diagnosis.vms.map(({ vm }) => vm));
  return vms.length === 0 ? "the host, where no VM was found" : vms.join(", ");
};
