import { createHash } from "node:crypto";

import type { Translation } from "./host-files.ts";
import { lifecycleFields } from "./journal-lifecycle.ts";
import type { Sender } from "./journal-schema.ts";
import { senderFields } from "./journal-sender.ts";
import { type Moment, timelineOf } from "./journal-timeline.ts";
import { descriptionOf, unitFullName } from "./journal-units.ts";
import type { Scenario } from "./scenario-schema.ts";

export interface JournalEntry {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly fields: Readonly<Record<string, string>>;
}

type Lifecycle = Extract<Moment, { kind: "lifecycle" }>;

interface UnitState {
  invocation: string;
  wasStarted: boolean;
  job: number;
  pid: number | undefined;
}

const MANAGER: Sender = { transport: "journal", identifier: "systemd", unit: "init.scope", pid: 1 };
const EXECUTOR = "/run/current-system/systemd/lib/systemd/systemd-executor";
const COREDUMP: Sender = {
  transport: "journal",
  identifier: "systemd-coredump",
  unit: "systemd-coredump@0.service",
  comm: "systemd-coredum",
};

/** The time between two entries that one event leaves, in microseconds. */
const STEP = 120;

/** Where systemd's own words about itself stand in its source (src/core/main.c). */
const placeInSystemd = (text: string, pid: number | undefined): Record<string, string> =>
  pid === 1 &&
  /^(?:systemd \S+ .*running in |Detected (?:virtualization|architecture) )/u.test(text)
    ? { CODE_FILE: "src/core/main.c", CODE_FUNC: "log_execution_mode" }
    : {};

/** What the scenario's journal holds, with all the fields that a systemd 257 and its journald give every entry. */
export const journalEntries = (
  scenario: Scenario,
  translation: Translation,
): readonly JournalEntry[] => {
  const { journal, host } = scenario;
  const { clock, fill } = translation;
  const unitState = unitStates();

  const said = (sender: Sender, time: number): Record<string, string> => {
    const invocation =
      sender.unit === undefined || sender.unit === MANAGER.unit
        ? undefined
        : unitState(sender.unit).invocation;
    return senderFields(sender, { time, invocation, scenario, translation });
  };

  const fieldsOf = (moment: Moment): readonly Record<string, string>[] => {
    if (moment.kind === "entry") return [filled(moment.fields, fill)];
    if (moment.kind === "line") {
      const sender = moment.by === undefined ? {} : journal.senders[moment.by];
      if (sender === undefined) throw new Error(`the scenario has no sender ${moment.by}`);
      const unit = optionalUnit(moment.unit ?? sender.unit);
      const pid =
        moment.pid ?? sender.pid ?? (unit === undefined ? undefined : unitState(unit).pid);
      const text = fill(moment.text);
      return [
        {
          ...said({ ...sender, unit, pid }, moment.time),
          ...placeInSystemd(text, pid),
          MESSAGE: text,
        },
      ];
    }
    const unit = unitFullName(moment.unit);
    const { invocation, job, pid, wasStarted } = unitState(unit, moment);
    const subject = {
      unit,
      description: descriptionOf(unit, journal.descriptions),
      job: String(job),
    };
    const speech = said(
      authorOf(moment, unit, pid) ?? { ...MANAGER, ...journal.senders["systemd"] },
      moment.time,
    );
    const about =
      moment.event === "core-dumped"
        ? {}
        : {
            TID: speech["_PID"] ?? "1",
            UNIT: unit,
            INVOCATION_ID: neverRan(moment, wasStarted) ? "" : invocation,
          };
    return lifecycleFields(subject, { pid, ...moment }).map((fields) => ({
      ...speech,
      ...about,
      ...filled(fields, fill),
    }));
  };

  const machine = {
    _BOOT_ID: host.bootId,
    _MACHINE_ID: host.machineId,
    _HOSTNAME: host.name,
    _RUNTIME_SCOPE: "system",
  };
  const holes = (journal.drop ?? []).map(({ from, until }) => ({
    from: clock(from),
    until: clock(until),
  }));
  return timelineOf(journal, clock)
    .flatMap((moment) =>
      fieldsOf(moment).map((fields, index) => ({
        time: moment.time + index * STEP,
        fields: { ...machine, ...fields },
      })),
    )
    .filter(({ time }) => !holes.some(({ from, until }) => time >= from && time < until));
};

const filled = (
  fields: Readonly<Record<string, string>>,
  fill: (text: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fill(value)]));

/** A start that never came to be has no id yet; a unit that ran before keeps its last one. */
const neverRan = ({ event }: Lifecycle, wasStarted: boolean): boolean =>
  !wasStarted && (event === "skipped" || event === "dependency-failed");

/** Who writes about a unit where it is not PID 1. */
const authorOf = (
  { event, executable = "microvm-run" }: Lifecycle,
  unit: string,
  pid: number | undefined,
): Sender | undefined => {
  if (event === "spawn-failed") {
    const name = `(${executable.slice(executable.lastIndexOf("/") + 1).slice(-8)})`;
    return { transport: "journal", identifier: name, comm: name, exe: EXECUTOR, unit, pid };
  }
  return event === "core-dumped" ? COREDUMP : undefined;
};

/** The run, the job and the main process of every unit, as the moments that were passed so far leave them. */
const unitStates = (): ((unit: string, moment?: Lifecycle) => Readonly<UnitState>) => {
  const states = new Map<string, UnitState>();
  let jobs = 2_100;
  return (unit, moment) => {
    const state = states.get(unit) ?? {
      invocation: id(`${unit} since boot`),
      wasStarted: false,
      job: jobs,
      pid: undefined,
    };
    states.set(unit, state);
    // Without its environment a unit is not even said to be starting (measured: 252, 257 and 262).
    if (moment?.event === "starting" || moment?.event === "environment-failed") {
      state.invocation = id(`${unit} ${moment.time}`);
      state.wasStarted = true;
    }
    if (moment?.event === "starting" || moment?.event === "stopping") state.job = jobs += 1;
    state.pid = moment?.pid ?? state.pid;
    return state;
  };
};

const optionalUnit = (unit: string | undefined): string | undefined =>
  unit === undefined ? undefined : unitFullName(unit);

const id = (label: string): string => createHash("sha256").update(label).digest("hex").slice(0, 32);
