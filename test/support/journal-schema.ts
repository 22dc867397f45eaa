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
] as const;

const lifecycle = {
  event: v.picklist(LIFECYCLE),
  status: v.optional(v.number()),
  command: v.optional(v.string()),
  result: v.optional(v.string()),
  n: v.optional(v.number()),
  condition: v.optional(v.string()),
  job: v.optional(v.picklist(["start", "stop", "restart"])),
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
    count: v.number(),
    every: duration,
    jitter: duration,
    pid: v.number(),
    pidStep: v.number(),
    round,
    between: round,
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
export type LifecycleEvent = Extract<JournalEvent, { event: string }>;
