import type { TreeNode } from "./file-tree.ts";
import type { Translation } from "./host-files.ts";
import type { Scenario } from "./scenario-schema.ts";

/** The system profile with its generations, what runs and what was booted, and the GC roots that keep them. */
export const generationNodes = (
  { generations, bootedGeneration, runningGeneration, host }: Scenario,
  { clock, fill }: Translation,
): readonly TreeNode[] => {
  const all = Object.entries(generations).flatMap(([number, generation]) =>
    generation === null
      ? []
      : [
          {
            ...generation,
            number: Number(number),
            toplevel: fill(`\${store:${generation.toplevel}}`),
          },
        ],
  );
  const newest = all.reduce((a, b) => (a.number > b.number ? a : b));
  const running = all.find(({ number }) => number === runningGeneration) ?? newest;
  const booted = all.find(({ number }) => number === bootedGeneration);
  if (booted === undefined)
    throw new Error(`the scenario has no generation ${bootedGeneration} to boot`);

  const link = (path: string, target: string, time: string): TreeNode => ({
    path,
    content: { kind: "link", target },
    mode: 0o777,
    uid: 0,
    gid: 0,
    mtime: clock(time),
  });
  return [
    ...all.map(({ number, toplevel, time }) =>
      link(`/nix/var/nix/profiles/system-${number}-link`, toplevel, time),
    ),
    link("/nix/var/nix/profiles/system", `system-${newest.number}-link`, newest.time),
    link("/run/current-system", running.toplevel, running.activated ?? running.time),
    link("/run/booted-system", booted.toplevel, host.booted),
    link("/nix/var/nix/gcroots/profiles", "/nix/var/nix/profiles", host.booted),
    link("/nix/var/nix/gcroots/current-system", "/run/current-system", host.booted),
    link("/nix/var/nix/gcroots/booted-system", "/run/booted-system", host.booted),
  ];
};
