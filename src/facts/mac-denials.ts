import type { Invocation } from "../evidence/journal.ts";
import type { KernelLog, MacDenial } from "../evidence/kernel-log.ts";
import type { PathWalk } from "../evidence/secret-files.ts";
import type { Micros } from "../vocabulary.ts";
import type { UserRead } from "./denied-reads.ts";

/** One attempt to read a file that failed, or could have. */
export interface Attempt {
  readonly walk: PathWalk;
  /** When the journal shows the refusal. */
  readonly times: readonly Micros[];
  /** Processes of the VM's unit, as far as its lines name them. */
  readonly pids: ReadonlySet<number>;
}

/** The audit record of a refusal and the line of the program that it stopped are written within this time (microseconds). */
const AT_HAND = 2_000_000;

/**
 * Refusals by SELinux or AppArmor of one of the attempt's components: by a process of the VM, or at the moment of the refusal that the
 * program reported. SELinux often names the last part of the path alone.
 */
export const macDenialsOf = (
  { walk, times, pids }: Attempt,
  log: KernelLog | undefined,
): readonly MacDenial[] => {
  const paths = new Set<string>([walk.path, ...walk.components.map(({ path }) => path)]);
  const names = new Set([...paths].map((path) => path.slice(path.lastIndexOf("/") + 1)));
  return (log?.denials ?? []).filter((denial) => {
    if (denial.permitted) return false;
    const isOurs = denial.pid !== undefined && pids.has(denial.pid);
    const isAtHand = times.some((time) => Math.abs(time - denial.ref.time) <= AT_HAND);
    const isOfPath =
      denial.path === undefined
        ? denial.name !== undefined && names.has(denial.name)
        : paths.has(denial.path);
    return isOfPath && (isOurs || isAtHand);
  });
};

/** Whether a security module refused this read, so that the modes are not to be asked. */
export const isMacDenied = (
  { walk, denials, phase }: Pick<UserRead, "walk" | "denials" | "phase">,
  log: KernelLog | undefined,
): boolean =>
  walk !== undefined &&
  macDenialsOf(
    { walk, times: denials.map(({ time }) => time), pids: pidsOf(phase?.starts ?? []) },
    log,
  ).length > 0;

/** The processes that wrote lines of these starts; systemd's own lines are not theirs. */
export const pidsOf = (starts: readonly Invocation[]): ReadonlySet<number> =>
  new Set(
    starts
      .flatMap(({ lines, firstOutput, lastOutput }) => [
        firstOutput,
        lastOutput,
        ...lines.map(({ ref }) => ref),
      ])
      .flatMap((ref) => (ref?.pid === undefined || ref.pid === 1 ? [] : [ref.pid])),
  );
