import { setTimeout as sleep } from "node:timers/promises";
import { interruptible } from "../host/interruptible-host.ts";
import { awaitEntry } from "../journal/follow.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import { openSource } from "./open-source.ts";
import type { Answer, Request } from "./request.ts";

/** What happens at once is logged within this time, in milliseconds. */
const SETTLES = 300;

/**
 * Looks at a host again whenever its journal has something new about the VMs, until the signal of the request is given: what is told is
 * what a whole look concludes. No more than half of the time is spent on looking.
 */
export async function* follow({ signal, ...request }: Request): AsyncGenerator<Answer> {
  const opened = await openSource(request.source, request.vms);
  if (opened.status !== "opened") {
    yield opened;
    return;
  }
  try {
    const [only, ...others] = opened.hosts;
    if (others.length > 0) {
      yield { status: "wrong-usage", message: "only one host can be followed at a time" };
      return;
    }
    const host = signal === undefined ? only : interruptible(only, signal);
    const isOver = (): boolean => signal?.aborted === true;
    const pause = async (milliseconds: number): Promise<void> => {
      await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
    };
    while (!isOver()) {
      const began = performance.now();
      const answer = await diagnoseHosts([host], request);
      if (isOver()) return;
      yield answer;
      if (answer.status !== "diagnosed") return;
      await pause(Math.max(SETTLES, performance.now() - began));
      const [{ diagnosis }] = answer.reports;
      const awaited = await awaitEntry(
        host,
        diagnosis.vms.map(({ vm }) => vm),
        diagnosis.coverage.last,
      );
      if (awaited.status === "not-possible") {
        yield {
          status: "wrong-usage",
          message: `the journal cannot be followed: ${awaited.why}`,
          hint: "a journal that is still written to can be: this host's, or one below --root or --directory",
        };
        return;
      }
      await pause(SETTLES);
    }
  } finally {
    await opened.close();
  }
}
