import * as v from "valibot";

import { duration, localTime } from "./local-time.ts";

export const LIFECYCLE = [
  "starting",
  "started",
  "finished",
  "start-failed",
  "exited",
  "failed",
  "restart-scheduled",
  "stopping",
  "stopped",
  "deactivated",
  "skipped",
  "spawn-failed",
  "dependency-failed",
  "environment-failed",
  "repeated",
  "timed-out",
  "watchdog",
  "oom-killed",
  "core-dumped",
] as const;

/** The steps at which systemd can fail to spawn a process, with the status that it ends with (systemd.exec(5)). */
export const SPAWN_STEPS = {
  CHDIR: 200,
  EXEC: 203,
  GROUP: 216,
  USER: 217,
  NAMESPACE: 226,
  CREDENTIALS: 243,
} as const;
export type SpawnStep = keyof typeof SPAWN_STEPS;
const spawnStep = v.picklist(["CHDIR", "EXEC", "GROUP", "USER", "NAMESPACE", "CREDENTIALS"]);

const lifecycle = {
  event: v.picklist(LIFECYCLE),
  status: v.optional(v.number()),
  code: v.optional(v.picklist(["exited", "killed", "dumped"])),
  command: v.optional(v.string()),
  result: v.optional(v.string()),
  n: v.optional(v.number()),
  condition: v.optional(v.string()),
  job: v.optional(v.picklist(["start", "stop", "restart"])),
  step: v.optional(spawnStep),
  errno: v.optional(v.number()),
  executable: v.optional(v.string()),
  /** In the place of what systemd 257 says, for another version or another setting of StatusUnitFormat=. */
  message: v.optional(v.string()),
  pid: v.optional(v.number()),
};
const spoken = { by: v.optional(v.string()), pid: v.optional(v.number()) };
const unit = v.string();
const anyUnit = v.optional(v.string());

/** The first schema whose key the item has, so that a complaint is about what the author meant. */
const byKey = <const Schemas extends Record<string, v.GenericSchema>>(
  schemas: Schemas,
): v.GenericSchema<unknown, v.InferOutput<Schemas[keyof Schemas]>> =>
  v.lazy((input) => {
    const key = Object.keys(schemas).find(
      (name) => typeof input === "object" && input !== null && name in input,
    );
    const schema = key === undefined ? undefined : schemas[key];
    if (schema !== undefined) return schema;
    return v.never(`needs one of ${Object.keys(schemas).join(", ")}`);
  });

const round = v.array(
  byKey({
    event: v.strictObject({ after: duration, unit: anyUnit, ...lifecycle }),
    line: v.strictObject({ after: duration, unit: anyUnit, line: v.string(), ...spoken }),
  }),
);

const event = byKey({
  loop: v.strictObject({
    loop: unit,
    from: localTime,
    count: v.optional(v.number(), 8),
    every: v.optional(duration, "5.6s"),
    jitter: v.optional(duration, "60ms"),
    pid: v.optional(v.number(), 7_401),
    pidStep: v.optional(v.number(), 11),
    round: v.optional(round),
    between: v.optional(round),
    /** Without a `round`: what the runner says, and how each start ends. */
    by: v.optional(v.string()),
    line: v.optional(v.string()),
    status: v.optional(v.number()),
    code: v.optional(v.picklist(["exited", "killed", "dumped"])),
    step: v.optional(spawnStep),
    errno: v.optional(v.number()),
  }),
  heartbeat: v.strictObject({
    heartbeat: v.string(),
    from: v.optional(localTime),
    until: v.optional(localTime),
    every: duration,
    jitter: duration,
    unit: anyUnit,
    by: v.optional(v.string()),
    texts: v.optional(v.array(v.string())),
    round: v.optional(round),
  }),
  event: v.strictObject({ at: localTime, unit, ...lifecycle }),
  lines: v.strictObject({ unit: anyUnit, lines: v.record(localTime, v.string()), ...spoken }),
  line: v.strictObject({ at: localTime, unit: anyUnit, line: v.string(), ...spoken }),
  sudo: v.strictObject({ at: localTime, sudo: v.string() }),
  entry: v.strictObject({ at: localTime, entry: v.record(v.string(), v.string()) }),
});

const sender = v.strictObject({
  transport: v.optional(v.picklist(["stdout", "syslog", "journal", "kernel"])),
  identifier: v.optional(v.string()),
  unit: anyUnit,
  user: v.optional(v.string()),
  pid: v.optional(v.number()),
  priority: v.optional(v.number()),
  facility: v.optional(v.number()),
  comm: v.optional(v.string()),
  exe: v.optional(v.string()),
  cmdline: v.optional(v.string()),
});

const interval = v.strictObject({ from: localTime, until: localTime });

export const journalSchema = v.strictObject({
  from: localTime,
  until: localTime,
  /** The pid that a process forked at `from` gets, and how many more are forked every second. */
  pids: v.strictObject({ first: v.number(), perSecond: v.number() }),
  operator: v.strictObject({
    user: v.string(),
    uid: v.number(),
    tty: v.string(),
    directory: v.string(),
  }),
  /** Descriptions of units and templates (`microvm@`: `MicroVM '%i'`); without one the unit's name is shown. */
  descriptions: v.record(v.string(), v.string()),
  senders: v.record(v.string(), sender),
  events: v.array(event),
  drop: v.optional(v.array(interval)),
});

export type Journal = v.InferOutput<typeof journalSchema>;
export type JournalEvent = Journal["events"][number];
export type Sender = v.InferOutput<typeof sender>;
export type Round = v.InferOutput<typeof round>;
export type Loop = Extract<JournalEvent, { loop: string }>;
export type LifecycleEvent = Extract<JournalEvent, { event: string }>;
