import type { Host } from "../host/host.ts";
import { interruptible } from "../host/interruptible-host.ts";
import { recordHost, type Recording } from "../host/recording.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import type { Answer, Request } from "./request.ts";

/** Reasons over hosts and keeps what they were asked and answered, in their order; what an interruption left unanswered, too. */
export const diagnoseRecorded = async (
  hosts: readonly [Host, ...Host[]],
  { signal, ...request }: Request,
): Promise<{ readonly answer: Answer; readonly recordings: readonly Recording[] }> => {
  const recorders = hosts.map((host) =>
    recordHost(signal === undefined ? host : interruptible(host, signal)),
  );
  const [first, ...others] = recorders.map(({ host }) => host);
  if (first === undefined) throw new TypeError("no host was given");
  const answer = await diagnoseHosts([first, ...others], request);
  return { answer, recordings: recorders.map(({ recorded }) => recorded()) };
};
