import { missingForContainers } from "./container-needs.ts";
import { RELEASES, type Release } from "./container/rootfs.ts";
import type { Failure } from "./failures/failure.ts";
import { tryFailures } from "./failures/trial.ts";
import { SHAPES, type Shape } from "./nixos/description.ts";
import { bootHost } from "./nixos/lab-host.ts";
import type { LabOptions, Part, Reporter } from "./part.ts";

/** A part that provokes failures on hosts of every systemd and with units of every shape. */
export const hostPart = (name: string, failures: readonly Failure[]): Part => ({
  name,
  missing: async () => missingForContainers(RELEASES.slice(0, 1)),
  async run(reporter, options) {
    for (const release of options.bounded ? RELEASES.slice(0, 1) : RELEASES) {
      // The loops of a host are mostly waiting.
      await Promise.all(
        SHAPES.map((shape) => runOnHost(name, failures, { release, shape }, reporter, options)),
      );
    }
  },
});

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
    const here = failures.filter(({ only }) => (only?.shape ?? shape) === shape);
    const verdicts = await tryFailures(host, here, options);
    for (const { name, only } of failures.filter((one) => !here.includes(one)))
      reporter.skipped({ part, on, name }, only?.why ?? "");
    for (const { failure, seconds, said, differences } of verdicts) {
      const trial = { part, on, name: failure.name, seconds };
      if (differences.length === 0) reporter.passed(trial, said);
      else reporter.failed(trial, differences);
    }
  } finally {
    await host.stop();
  }
};
