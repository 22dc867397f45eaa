import type { Host } from "../host/host.ts";
import { replayHost } from "../host/recording.ts";
import type { Report } from "../report/report.ts";
import { formatUtc } from "../time/format-time.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import { diagnoseRecorded } from "./diagnose-recorded.ts";
import { redactRecordings } from "./redact.ts";
import type { Answer, Redaction, Request, Times } from "./request.ts";

/**
 * Reasons over what was read under other names, so that none of the real ones is in anything that is concluded or quoted. With the text
 * of the file that tells which name stands for which.
 */
export const diagnoseRedacted = async (
  hosts: readonly [Host, ...Host[]],
  { list, ...others }: Request,
  redaction: Redaction,
): Promise<Answer> => {
  // Under other names the VMs have another order, and other ones would be the first of those that are not well.
  const request: Request = {
    ...others,
    ...(list === undefined
      ? {}
      : { list: { mostDiagnosed: Number.MAX_SAFE_INTEGER, isRecorded: true } }),
  };
  if (request.flake !== undefined && redaction.kinds.includes("paths")) {
    return {
      status: "wrong-usage",
      message: "--flake names a path of this machine, which --redact=paths is to hide",
      hint: "collect with both, and diagnose the bundle",
    };
  }
  const { answer: real, recordings } = await diagnoseRecorded(hosts, request);
  if (real.status !== "diagnosed") return real;
  const redacted = await redactRecordings(recordings, redaction);
  if (redacted.status === "wrong-usage") return redacted;
  const [replayed, ...rest] = redacted.recordings.map((recorded, index) =>
    replayHost(recorded, scopeOf(real.reports[index], request.vms.length === 0)),
  );
  if (replayed === undefined) throw new TypeError("no host was recorded");
  const answer = await diagnoseHosts([replayed, ...rest], {
    ...request,
    signal: undefined,
    times: sameTimes(real.reports[0], request.times),
  });
  return answer.status === "diagnosed" ? { ...answer, redactionMap: redacted.map } : answer;
};

const scopeOf = (report: Report | undefined, everyVm: boolean) => ({
  vms: report?.diagnosis.vms.map(({ vm }) => vm) ?? [],
  everyVm,
});

/** What the times of the request meant the first time: a bare one means another day where nothing is live. */
const sameTimes = ({ diagnosis, generatedAt }: Report, times: Times): Times => {
  const { since, until, boot } = diagnosis.window;
  return {
    ...times,
    since: since === undefined ? undefined : formatUtc(since),
    until: until === undefined ? undefined : formatUtc(until),
    boot,
    now: formatUtc(generatedAt),
  };
};
