import type { Recording } from "../../src/host/recording.ts";
import { RECORDED } from "./corpus.ts";
import { mutated } from "./mutation.ts";
import type { Random } from "./random.ts";

/** One in so many answers of a host is another one. */
const CHANGED = 12;

/** The recorded host with changed answers: texts, what programs printed, lines of its journal, stats, names and targets of links. */
export const mutatedHost = (random: Random): Recording => {
  const text = (value: string): string =>
    random.oneIn(CHANGED) ? mutated(random, [Buffer.from(value)]).toString("utf8") : value;
  const number = (value: number): number =>
    random.oneIn(CHANGED * 4)
      ? random.pick([0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0o7777])
      : value;
  const of = <T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
  return {
    ...RECORDED,
    origin: text(RECORDED.origin),
    lstat: of(RECORDED.lstat, (found) =>
      found.status === "present"
        ? {
            status: "present",
            value: {
              ...found.value,
              mode: number(found.value.mode),
              uid: number(found.value.uid),
              size: number(found.value.size),
              mtime: number(found.value.mtime) as typeof found.value.mtime,
              ctime: number(found.value.ctime) as typeof found.value.ctime,
              ...(found.value.target === undefined ? {} : { target: text(found.value.target) }),
            },
          }
        : found,
    ),
    list: of(RECORDED.list, (found) =>
      found.status === "present" ? { ...found, value: found.value.map(text) } : found,
    ),
    text: of(RECORDED.text, (found) =>
      found.status === "present" ? { ...found, value: text(found.value) } : found,
    ),
    commands: of(RECORDED.commands, (command) => ({
      ...command,
      stdout: text(command.stdout),
      stderr: text(command.stderr),
    })),
    streams: of(RECORDED.streams, (stream) => ({
      ...stream,
      lines: stream.lines.map(inLine(text)),
      stderr: text(stream.stderr),
    })),
  };
};

/** Half of the changed lines are entries still, with another message. */
const inLine =
  (text: (value: string) => string) =>
  (line: string, index: number): string =>
    index % 2 === 0
      ? text(line)
      : line.replace(/(?<="MESSAGE":)"(?:[^"\\]|\\.)*"/u, (message) =>
          JSON.stringify(text(String(JSON.parse(message)))),
        );
