import { createHash } from "node:crypto";

import { roundOf, betweenOf } from "./journal-loop.ts";
import type { Journal, JournalEvent, LifecycleEvent, Loop, Round } from "./journal-schema.ts";

/** One thing that happens at one time, in microseconds: what the compact events of a scenario expand to. */
export type Moment = { readonly time: number } & (
  | ({ readonly kind: "lifecycle" } & Omit<LifecycleEvent, "at">)
  | ({ readonly kind: "line"; readonly text: string; readonly unit?: string | undefined } & Speaker)
  | { readonly kind: "entry"; readonly fields: Readonly<Record<string, string>> }
);

interface Speaker {
  readonly by?: string | undefined;
  readonly pid?: number | undefined;
}

type Clock = (time: string) => number;

/** All moments of a journal in the order of time. */
export const timelineOf = (journal: Journal, clock: Clock): readonly Moment[] =>
  journal.events
    .flatMap((event) => momentsOf(event, journal, clock))
    .toSorted((a, b) => a.time - b.time);

const momentsOf = (event: JournalEvent, journal: Journal, clock: Clock): Moment[] => {
  if ("loop" in event) return loopMoments(event, clock);
  if ("heartbeat" in event) return heartbeatMoments(event, journal, clock);
  if ("lines" in event) {
    const { lines, ...speaker } = event;
    return Object.entries(lines).map(([at, text]) => ({
      ...speaker,
      kind: "line",
      time: clock(at),
      text,
    }));
  }
  const time = clock(event.at);
  if ("event" in event) return [{ ...event, kind: "lifecycle", time }];
  if ("line" in event)
    return [
      { kind: "line", time, text: event.line, unit: event.unit, by: event.by, pid: event.pid },
    ];
  if ("sudo" in event) return sudoMoments(event.sudo, time, journal, clock);
  return [{ kind: "entry", time, fields: event.entry }];
};

const loopMoments = (loop: Loop, clock: Clock): Moment[] =>
  Array.from({ length: loop.count }, (_, index) => {
    const start =
      clock(loop.from) +
      index * loop.every +
      (index === 0 ? 0 : wobble(`${loop.loop} ${index}`, loop.jitter));
    const shared = { unit: loop.loop, pid: loop.pid + index * loop.pidStep, n: index + 1 };
    const isLast = index === loop.count - 1;
    return roundMoments([...roundOf(loop), ...(isLast ? [] : betweenOf(loop))], start, shared);
  }).flat();

const heartbeatMoments = (
  beat: Extract<JournalEvent, { heartbeat: string }>,
  journal: Journal,
  clock: Clock,
): Moment[] => {
  const moments: Moment[] = [];
  const end = clock(beat.until ?? journal.until);
  let index = 0;
  for (let time = clock(beat.from ?? journal.from); time < end; time += beat.every) {
    const at = time + Math.abs(wobble(`${beat.heartbeat} ${index}`, beat.jitter));
    const text = beat.texts?.[index % beat.texts.length];
    if (text !== undefined)
      moments.push({ kind: "line", time: at, text, unit: beat.unit, by: beat.by });
    moments.push(...roundMoments(beat.round ?? [], at, { unit: beat.unit ?? "" }));
    index += 1;
  }
  return moments;
};

/** The three lines that one call of sudo leaves. */
const sudoMoments = (
  command: string,
  time: number,
  { operator, pids, from }: Journal,
  clock: Clock,
): Moment[] => {
  const { user, uid, tty, directory } = operator;
  const speaker = {
    by: "sudo",
    pid: pids.first + Math.floor(((time - clock(from)) / 1_000_000) * pids.perSecond),
  };
  const say = (after: number, text: string): Moment => ({
    ...speaker,
    kind: "line",
    time: time + after,
    text,
  });
  return [
    say(
      0,
      `${user.padStart(8)} : TTY=${tty} ; PWD=${directory} ; USER=root ; COMMAND=/run/current-system/sw/bin/${command}`,
    ),
    say(
      3_000,
      `pam_unix(sudo:session): session opened for user root(uid=0) by ${user}(uid=${uid})`,
    ),
    say(40_000, "pam_unix(sudo:session): session closed for user root"),
  ];
};

interface RoundShare {
  readonly unit: string;
  readonly pid?: number;
  readonly n?: number;
}

const roundMoments = (round: Round, start: number, { unit, pid, n }: RoundShare): Moment[] =>
  round.map(({ after, ...step }): Moment => {
    const time = start + after;
    if ("line" in step)
      return {
        kind: "line",
        time,
        text: step.line,
        unit: step.unit ?? unit,
        by: step.by,
        pid: step.pid ?? pid,
      };
    return { kind: "lifecycle", time, pid, n, ...step, unit: step.unit ?? unit };
  });

/** A number between -`most` and `most` that is always the same for the same label. */
const wobble = (label: string, most: number): number => {
  const share = createHash("sha256").update(label).digest().readUInt32LE() / 0xffff_ffff;
  return Math.round((share * 2 - 1) * most);
};
