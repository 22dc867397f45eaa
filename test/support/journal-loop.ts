import { type Loop, type Round, SPAWN_STEPS } from "./journal-schema.ts";

const at = (millis: number): number => millis * 1_000;

/** What happens at each start of a loop: what the scenario says, or what becomes of a runner that fails as it says. */
export const roundOf = (loop: Loop): Round =>
  loop.round ?? [
    { after: at(0), event: "starting" },
    ...(loop.step === undefined ? runnerEnds(loop) : neverSpawned(loop)),
  ];

/** What happens between two starts of a loop. */
export const betweenOf = (loop: Loop): Round =>
  loop.between ??
  (loop.round === undefined ? [{ after: at(5_310), event: "restart-scheduled" }] : []);

const runnerEnds = ({ line, by, status, code }: Loop): Round => [
  { after: at(48), event: "started" },
  ...(line === undefined ? [] : [{ after: at(71), by, line }]),
  { after: at(92), event: "exited", status, code },
  { after: at(110), event: "failed", result: RESULTS[code ?? "exited"] },
];

const RESULTS = { exited: "exit-code", killed: "signal", dumped: "core-dump" } as const;

const neverSpawned = ({ step = "CREDENTIALS", errno }: Loop): Round => [
  { after: at(31), event: "spawn-failed", step, errno },
  { after: at(33), event: "exited", status: SPAWN_STEPS[step] },
  { after: at(40), event: "failed" },
  { after: at(44), event: "start-failed" },
];
