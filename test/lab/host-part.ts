import { missingForContainers } from "./container-needs.ts";
import { hasRootfs, RELEASES, rootfsOf, type Release } from "./container/rootfs.ts";
import type { Failure } from "./failures/failure.ts";
import { tryFailures } from "./failures/trial.ts";
import { SHAPES, type Shape } from "./nixos/description.ts";
import { bootHost } from "./nixos/lab-host.ts";
import type { LabOptions, Part, Reporter } from "./part.ts";

/** A part that provokes failures on hosts of every systemd and with units of every shape. */
export const hostPart = (name: string, failures: readonly Failure[]): Part => ({
  name,
  missing: () => missingForContainers(RELEASES.slice(0, 1)),
  async run(reporter, options) {
    const wanted = failures.filter(
      (one) => options.only.length === 0 || options.only.includes(one.name),
    );
    for (const release of releasesOf(options)) {
      if (options.signal.aborted || wanted.length === 0) return;
      const why = await missingRootfs(release, reporter, options.signal);
      if (why !== undefined) {
        const trial = { part: name, on: `systemd ${release.systemd}`, name: "all of it" };
        reporter.skipped(trial, why);
        continue;
      }
      // The loops of a host are mostly waiting.
      await Promise.all(
        SHAPES.map(async (shape) => {
          for (const group of [
            wanted.filter(isOnSwitchedHost),
            wanted.filter((one) => !isOnSwitchedHost(one)),
          ])
            if (group.length > 0)
              await runOnHost(name, group, { release, shape }, reporter, options);
        }),
      );
    }
  },
});

/** A switch links every runner anew: what is about a link of its own needs a host that is switched once. */
const isOnSwitchedHost = ({ later }: Failure): boolean => later !== undefined;

const releasesOf = ({ bounded, systemd }: LabOptions): readonly Release[] =>
  systemd.length > 0
    ? RELEASES.filter((release) => systemd.includes(release.systemd))
    : bounded
      ? RELEASES.slice(0, 1)
      : RELEASES;

/** Why there is no root file system of this release, where none can be made here; without a way to the mirror, say. */
const missingRootfs = async (
  release: Release,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (!hasRootfs(release))
    reporter.note(`makes a root file system of Debian's ${release.suite}, once: about a minute`);
  try {
    await rootfsOf(release, signal);
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return `no root file system could be made: ${error instanceof Error ? error.message : String(error)}`;
  }
};

const runOnHost = async (
  part: string,
  failures: readonly Failure[],
  { release, shape }: { readonly release: Release; readonly shape: Shape },
  reporter: Reporter,
  options: LabOptions,
): Promise<void> => {
  const host = await bootHost(release, shape, options.signal);
  try {
    const on = `systemd ${host.systemd}, units of ${shape}`;
    const controllers = (await host.shell("cat /sys/fs/cgroup/cgroup.controllers")).split(/\s+/u);
    const canTry = ({ needs }: Failure): boolean =>
      needs === undefined || controllers.includes(needs.controller);
    for (const { name, needs } of failures.filter((one) => !canTry(one))) {
      const why = `no cgroup controller "${needs?.controller ?? ""}" in the container`;
      reporter.skipped({ part, on, name }, why);
    }
    const here = failures.filter(canTry);
    const verdicts = here.length === 0 ? [] : await tryFailures(host, here, options);
    for (const { failure, seconds, said, differences } of verdicts) {
      const trial = { part, on, name: failure.name, seconds };
      if (differences.length === 0) reporter.passed(trial, said);
      else reporter.failed(trial, differences);
    }
  } finally {
    await host.stop();
  }
};
