import type { Command, CommandResult } from "./host.ts";
import type { Recording } from "./recording.ts";

/** A question for the entry next to a moment, of anybody: `--since=@T` for the first behind it, `--reverse --until=@T` for the last before. */
interface Probe {
  /** The question without its moment. */
  readonly kind: string;
  /** Microseconds since the epoch. */
  readonly time: number;
  /** The boot that the entry must be of. */
  readonly boot?: string;
}

type Stream = Recording["streams"][string];

/**
 * Answers probes that were not asked from those that were: the first entry behind T is also the first behind each moment between T and
 * that entry, and the last one before T is also the last before each moment between that entry and T.
 */
export const recordedProbes = (
  streams: Recording["streams"],
): ((command: Command) => Stream | undefined) => {
  const known = Object.values(streams).flatMap((stream) => {
    const probe = probeOf(stream);
    const [line = ""] = stream.lines;
    return probe === undefined
      ? []
      : [{ probe, stream, entry: timeOf(line), boot: probe.boot ?? bootOf(line) }];
  });
  return (command) => {
    const asked = probeOf(command);
    if (asked === undefined) return undefined;
    return known.find(({ probe, entry, boot, stream }) => {
      if (probe.kind !== asked.kind || stream.failure !== undefined) return false;
      if (asked.boot === undefined ? probe.boot !== undefined : boot !== asked.boot) return false;
      const isFirst = asked.kind.includes(SINCE);
      // No entry at all: none behind a later moment, and none before an earlier one.
      if (entry === undefined) return isFirst ? asked.time >= probe.time : asked.time <= probe.time;
      return isFirst
        ? probe.time <= asked.time && asked.time <= entry
        : entry <= asked.time && asked.time <= probe.time;
    })?.stream;
  };
};

const SINCE = "--since=@";
const BOOT = "--boot=";
const MOMENT = /^(?<flag>--since=@|--until=@)(?<seconds>\d+)\.(?<micros>\d{6})$/u;

const probeOf = ({ program, args }: Command): Probe | undefined => {
  if (program !== "journalctl" || args.some((arg) => /^(?:[A-Z_]+=|--grep=|--all)/u.test(arg)))
    return undefined;
  const moments = args.flatMap((arg) => {
    const { flag, seconds, micros } = MOMENT.exec(arg)?.groups ?? {};
    return flag === undefined ? [] : [{ flag, time: Number(`${seconds ?? ""}${micros ?? ""}`) }];
  });
  const [moment, ...others] = moments;
  if (moment === undefined || others.length > 0) return undefined;
  const boot = args.find((arg) => arg.startsWith(BOOT));
  return {
    kind: args
      .filter((arg) => arg !== boot)
      .map((arg) => (MOMENT.test(arg) ? moment.flag : arg))
      .join(" "),
    time: moment.time,
    ...(boot === undefined ? {} : { boot: boot.slice(BOOT.length) }),
  };
};

const bootOf = (line: string): string | undefined =>
  /"_BOOT_ID":"(?<boot>[0-9a-f]{32})"/u.exec(line)?.groups?.["boot"];

const timeOf = (line: string): number | undefined => {
  const found = /"__REALTIME_TIMESTAMP":"(?<time>\d{1,16})"/u.exec(line)?.groups?.["time"];
  return found === undefined ? undefined : Number(found);
};

/** The answer to `journalctl --since=@T --until=@T`: the entries of that moment, wherever they were read. */
export const entriesAt = (
  { streams, commands }: Pick<Recording, "streams" | "commands">,
  { program, args }: Command,
): CommandResult | undefined => {
  const moments = args.map((arg) => MOMENT.exec(arg)?.groups);
  const [since, until] = moments.flatMap((one) =>
    one === undefined ? [] : [`${one["seconds"] ?? ""}${one["micros"] ?? ""}`],
  );
  if (program !== "journalctl" || since === undefined || since !== until) return undefined;
  const field = `"__REALTIME_TIMESTAMP":"${since}"`;
  const lines = new Set(
    [
      ...Object.values(streams).flatMap((stream) => stream.lines),
      ...Object.values(commands).flatMap(({ stdout }) =>
        stdout.includes(field) ? stdout.split("\n") : [],
      ),
    ].filter((line) => line.includes(field)),
  );
  return { exitCode: 0, stderr: "", stdout: [...lines].map((line) => `${line}\n`).join("") };
};
