/** Whether the size of the Nix store matters to the diagnosis of one VM. */
import { canBuildHosts, hostWithStore, OWN_VM } from "./hosts.ts";
import { inTurns, mvdoctor } from "./measure.ts";
import { NOW } from "./commands.ts";
import { atMostOf, type Effort, seconds, type Section, times } from "./section.ts";

const PATHS = 500_000;
const MOST_OF_SMALL = 1.2;

export const diagnosingInStore = async ({ runs }: Effort): Promise<Section | string> => {
  if (!canBuildHosts())
    return "The host with a large store was not measured: only root can build it.";
  const hosts = [
    { name: "the store of one VM", root: await hostWithStore(0) },
    { name: `${PATHS} paths more`, root: await hostWithStore(PATHS) },
  ] as const;
  const [small, large] = hosts;
  const costs = await inTurns(
    hosts.map(({ name, root }) => ({
      name,
      ...mvdoctor("diagnose", OWN_VM, "--root", root, "--json", ...NOW),
    })),
    runs,
  );
  return {
    title: "A large Nix store",
    text: `\`mvdoctor diagnose\` of the same VM.`,
    head: ["Nix database", "wall", "processor", "wall, of the small one"],
    rows: hosts.map(({ name }) => [
      name,
      seconds(costs(name).seconds),
      seconds(costs(name).cpuSeconds),
      times(costs(name).seconds / costs(small.name).seconds),
    ]),
    goals: [
      atMostOf(
        `diagnose with ${PATHS} paths in the store, of few`,
        costs(large.name),
        costs(small.name),
        MOST_OF_SMALL,
      ),
    ],
  };
};
