import { setTimeout as sleep } from "node:timers/promises";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import { openSource } from "./open-source.ts";
import type { Answer, Request } from "./request.ts";

/**
 * Answers a request again and again, with a pause of so many seconds behind each answer, until its signal is given. The hosts are opened
 * once.
 */
export async function* watchList(request: Request, pause: number): AsyncGenerator<Answer> {
  const { signal } = request;
  const isOver = (): boolean => signal?.aborted === true;
  const opened = await openSource(request.source, request.vms);
  if (opened.status !== "opened") {
    yield opened;
    return;
  }
  try {
    while (!isOver()) {
      const answer = await diagnoseHosts(opened.hosts, request);
      // What was interrupted would show less than the answer before it.
      if (isOver()) return;
      yield answer;
      if (answer.status !== "diagnosed") return;
      await sleep(pause * 1000, undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
    }
  } finally {
    await opened.close();
  }
}
