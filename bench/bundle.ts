/** How long a diagnosis from a bundle takes, next to the one that it was collected from. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { warmed } from "./cache.ts";
import { VM } from "./crash-loop.ts";
import { journalDirectory } from "./journals.ts";
import { inTurns, look, mvdoctor } from "./measure.ts";
import { NOW, reading } from "./commands.ts";
import { within } from "./reading.ts";
import {
  atMostOf,
  type Effort,
  type Goal,
  seconds,
  type Section,
  times,
  yesOrNo,
} from "./section.ts";

const JOURNALS = ["100k-of-100k", "100k-of-1m"];
/** A bundle is at least five times as fast. */
const MOST_OF_LIVE = 0.2;

export const replaying = async (effort: Effort): Promise<Section> => {
  const rows: string[][] = [];
  const goals: Goal[] = [];
  for (const journal of within(JOURNALS, effort)) {
    const { live, collect, replay, isSame } = await replayOf(journal, effort.runs);
    const costs = { "diagnose -D": live, collect, "diagnose --bundle": replay };
    for (const [name, cost] of Object.entries(costs))
      rows.push([
        journal,
        name,
        seconds(cost.seconds),
        seconds(cost.cpuSeconds),
        times(cost.seconds / live.seconds),
      ]);
    goals.push(
      atMostOf(`bundle of ${journal}, of live`, replay, live, MOST_OF_LIVE),
      yesOrNo(`bundle of ${journal}: the same report, byte for byte`, isSame),
    );
  }
  return {
    title: "A bundle",
    text: `\`collect\` reads what \`diagnose\` reads and keeps it.`,
    head: ["journal", "command", "wall", "processor", "wall, of live"],
    rows,
    goals,
  };
};

/** What a live diagnosis, its recording and the diagnosis of that cost, and whether both reports are the same. */
export const replayOf = async (journal: string, runs: number) => {
  const dir = await warmed(await journalDirectory(journal));
  await using scratch = await mkdtempDisposable(join(tmpdir(), "mvdoctor-bench-"));
  const bundle = join(scratch.path, "test-vm.mvb");
  const live = reading("diagnose", dir);
  const replay = ["diagnose", VM, "--bundle", bundle, "--json", ...NOW];
  const costs = await inTurns(
    [
      { name: "live", ...mvdoctor(...live) },
      {
        name: "collect",
        ...mvdoctor("collect", VM, "-D", dir, "--output-file", bundle, ...NOW),
      },
      { name: "replay", ...mvdoctor(...replay) },
    ],
    runs,
  );
  const [one, other] = [await look(...live), await look(...replay)];
  return {
    live: costs("live"),
    collect: costs("collect"),
    replay: costs("replay"),
    isSame: one.stdout === other.stdout,
  };
};
