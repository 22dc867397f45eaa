import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnosis } from "../diagnosis/diagnose.ts";
import type { Host } from "../host/host.ts";
import { interruptible } from "../host/interruptible-host.ts";
import { awaitEntry, type Awaited } from "../journal/follow.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import { openSource } from "./open-source.ts";
import type { Answer, Request } from "./request.ts";

/** How often a host is looked at; spans in milliseconds. */
export interface Pace {
  /** From the end of a look to the next one, at least. */
  readonly least: number;
  /** The same in lengths of the look. */
  readonly rest: number;
  /** A host whose journal is silent for so long is looked at all the same: files change without a word. */
  readonly silence: number;
  /** Whether a look or a journal that fails later on is tried again. */
  readonly goesOn: boolean;
}

/** What happens at once is logged within this time, in milliseconds. */
const SETTLES = 300;
/** A journal that cannot be followed any more is tried again after this time, in milliseconds. */
const RETRIED = 5000;

/** No more than half of the time is spent on looking. */
const TIMELINE: Pace = { least: SETTLES, rest: 1, silence: 0, goesOn: false };

/**
 * Looks at a host again whenever its journal has something new about the VMs, until the signal of the request is given: what is told is
 * what a whole look concludes. Each look resolves the window anew, so that `-b` is the boot that is the last one by then.
 */
export async function* follow(
  { signal, ...request }: Request,
  pace: Pace = TIMELINE,
): AsyncGenerator<Answer> {
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
    let looked: Diagnosis | undefined;
    let isFollowed = false;
    while (!isOver()) {
      const began = performance.now();
      const answer = await diagnoseHosts([host], request);
      const took = performance.now() - began;
      if (isOver()) return;
      yield answer;
      if (answer.status === "diagnosed") looked = answer.reports[0].diagnosis;
      else if (looked === undefined || !pace.goesOn) return;
      await pause(Math.max(pace.least, pace.rest * took));
      const awaited = await awaitNews(host, looked, pace.silence);
      if (awaited.status === "not-possible") {
        if (!isFollowed || !pace.goesOn) {
          yield {
            status: "wrong-usage",
            message: `the journal cannot be followed: ${awaited.why}`,
            hint: "a journal that is still written to can be: this host's, or one below --root or --directory",
          };
          return;
        }
        await pause(RETRIED);
      } else isFollowed = true;
      await pause(SETTLES);
    }
  } finally {
    await opened.close();
  }
}

/** Waits for an entry that the look did not see, or for `silence` milliseconds without one. */
const awaitNews = async (
  host: Host,
  { vms, coverage }: Pick<Diagnosis, "vms" | "coverage">,
  silence: number,
): Promise<Awaited> => {
  const began = performance.now();
  for (;;) {
    const awaited = await awaitEntry(
      host,
      vms.map(({ vm }) => vm),
      coverage.last,
    );
    if (awaited.status !== "silent" || performance.now() - began >= silence) return awaited;
  }
};
