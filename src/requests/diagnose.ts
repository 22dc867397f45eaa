import { diagnoseHosts } from "./diagnose-hosts.ts";
import { diagnoseRedacted } from "./diagnose-redacted.ts";
import { openSource } from "./open-source.ts";
import type { Answer, Request } from "./request.ts";

/** Reads the evidence that the request names and reasons over it. */
export const diagnose = async (request: Request): Promise<Answer> => {
  const opened = await openSource(request.source, request.vms);
  if (opened.status !== "opened") return opened;
  try {
    return await (request.redaction === undefined
      ? diagnoseHosts(opened.hosts, request)
      : diagnoseRedacted(opened.hosts, request, request.redaction));
  } finally {
    await opened.close();
  }
};
