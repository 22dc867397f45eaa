import type { Invocation } from "../evidence/journal.ts";
import type { History, Phase } from "./history.ts";
import { hasFailed } from "./starts.ts";

/**
 * The newest phase, where its starts fail one after the other and no line of theirs says why: the VMM or the script ended with an error,
 * and nothing about files, devices, options or credentials was written.
 */
export const silentFailures = ({
  phases,
}: History): { readonly phase: Phase; readonly starts: readonly Invocation[] } | undefined => {
  const phase = phases.findLast(({ starts }) => starts.length > 0);
  if (phase?.kind !== "failing") return undefined;
  const failed = phase.starts.filter(hasFailed);
  return failed.length >= 2 && failed.every(isSilent) ? { phase, starts: failed } : undefined;
};

const isSilent = (start: Invocation): boolean =>
  start.spawnFailures.length === 0 &&
  start.result?.value === "exit-code" &&
  start.stopping === undefined &&
  start.lines.every(({ meanings }) => meanings.every(({ kind }) => !TELLING.has(kind)));

const TELLING: ReadonlySet<string> = new Set([
  "permission-denied",
  "no-such-file",
  "vmm-error",
  "unbound-variable",
  "credential-refused",
  "guest-kernel",
]);
