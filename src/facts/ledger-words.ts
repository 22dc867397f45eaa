import type { CoverageLine } from "../evidence/coverage.ts";
import { formatDuration } from "../time/format-time.ts";
import type { Micros } from "../vocabulary.ts";
import { counted, moment } from "./wording.ts";

/** One line of the ledger in words, with moments for a renderer to put in. */
export const lineWords = (line: CoverageLine): string => {
  switch (line.kind) {
    case "span":
      return `entries${between(line)}${line.boot === undefined ? "" : `, boot ${line.boot.slice(0, 8)}`}`;
    case "looked-at":
      return `looked at: ${line.what}`;
    case "head": {
      const oldest = `the oldest entry${line.since === undefined ? "" : `, of ${moment(line.since)},`}`;
      return line.begins === "boot"
        ? `${oldest} is among the first of its boot`
        : `${oldest} came ${formatDuration(line.afterBoot)} after the boot: what that boot wrote before is not kept (rotated away, vacuumed, or never copied)`;
    }
    case "sequence-hole":
      return `at least ${counted(line.count, "entry", "entries")} missing${between(line)}: numbers between ${line.after} and ${line.before} are in no file`;
    case "silence":
      return `no entry of anybody${between(line)}${lasting(line)}: a hole or a silent host`;
    case "suppressed": {
      const count = line.count === undefined ? "messages" : counted(line.count, "message");
      return `journald suppressed ${count}${line.unit === undefined ? "" : ` of ${line.unit}`}${line.until === undefined ? "" : ` before ${moment(line.until)}`}`;
    }
    case "clock-step":
      if (line.by === undefined) return `the host's time was changed${at(line.since)}`;
      return line.by < 0
        ? `the host's time was set back by ${formatDuration(-line.by)}${between(line)}`
        : `the host's time went ${formatDuration(line.by)} ahead of the kernel's clock${between(line)}: it was set, or the machine slept`;
    case "rights":
    case "limit":
    case "damage":
    case "not-kept":
      return line.reason;
  }
};

const at = (time: Micros | undefined): string => (time === undefined ? "" : ` at ${moment(time)}`);

const between = ({ since, until }: CoverageLine): string =>
  since === undefined || until === undefined ? "" : ` from ${moment(since)} to ${moment(until)}`;

const lasting = ({ since, until }: CoverageLine): string =>
  since === undefined || until === undefined ? "" : ` (${formatDuration(until - since)})`;
