import type { LinkedRunners } from "../evidence/evidence.ts";
import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Runner, SecretChannel } from "../evidence/runner.ts";
import type { Shares } from "../evidence/shares.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { Micros } from "../vocabulary.ts";
import { endOfStart, hasFailed } from "./starts.ts";

export type VirtiofsShare = Extract<SecretChannel, { readonly kind: "share" }>;

export const virtiofsShares = (runner: Runner | undefined): readonly VirtiofsShare[] =>
  (runner?.channels ?? []).filter(
    (channel): channel is VirtiofsShare =>
      channel.kind === "share" && channel.protocol === "virtiofs",
  );

/** The unit of microvm.nix that serves the virtiofs shares of a VM. */
const isShareServer = ({ unit }: { readonly unit: string }): boolean =>
  unit.startsWith("microvm-virtiofsd@");

export const serverStarts = ({ helpers }: VmJournal): readonly Invocation[] =>
  helpers.filter(isShareServer);

/** The unit starts a program of the runner that is not there: an older runner on a newer host. */
export const missingServer = (
  runners: LinkedRunners,
  shares: Shares,
  unit: VmUnit | undefined,
): { readonly refs: readonly [FileRef, FileRef] } | undefined => {
  const [share] = virtiofsShares(runners.current);
  const isFromRunner = (unit?.shareServer?.execStart ?? []).some(({ value }) =>
    value.includes("/bin/virtiofsd-run"),
  );
  return share !== undefined && shares.server?.absent === true && isFromRunner
    ? { refs: [shares.server, share.ref] }
    : undefined;
};

/** supervisord keeps 10 events for a listener that is not up yet, and one of each share is needed to be ready. */
const USUAL_BUFFER = 10;

/** More servers than supervisord keeps events of: the word that all of them run is lost. */
export const overflowsEvents = (
  runners: LinkedRunners,
  shares: Shares,
): { readonly count: number; readonly events: number } | undefined => {
  const count = virtiofsShares(runners.current).length;
  const events = shares.eventBuffer?.events ?? USUAL_BUFFER;
  return count + 1 > events ? { count, events } : undefined;
};

/** A start of the server that never said it was ready: systemd gave up, or waits at the end of the journal. */
export const neverReady = (start: Invocation, last: Micros | undefined): boolean => {
  if (start.started !== undefined) return false;
  if (start.result?.value === "timeout" || start.failedStart?.result === "timeout") return true;
  return (
    !hasFailed(start) &&
    endOfStart(start) === undefined &&
    last !== undefined &&
    last - start.first.time > LONG
  );
};

/** All sockets are there within seconds; this is no waiting for them. */
const LONG = 60_000_000;
