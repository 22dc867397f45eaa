import * as v from "valibot";
import { gap, ledgerLine } from "./evidence.ts";
import { count, flag, hostOfSeveral, list, text, time } from "./pieces.ts";

const identity = {
  name: v.nullable(text("The host name, from the evidence.")),
  machineId: v.nullable(text("The machine id, 32 hex digits.")),
  zone: v.nullable(text("The time zone of the host.")),
};

export const host = v.pipe(
  v.object(identity),
  v.title("The host that was looked at"),
  v.description("All null where several were looked at: see `hosts`."),
);

export const window = v.pipe(
  v.object({
    since: v.nullable(time("The beginning: what was asked for, or the first entry.")),
    until: v.nullable(time("The end: what was asked for, or the last entry.")),
  }),
  v.title("The span of time that was looked at"),
);

const hole = v.pipe(
  v.object({
    host: hostOfSeveral,
    since: time("The last entry before it."),
    until: time("The first entry behind it."),
  }),
  v.title("A span in which entries of the journal are missing"),
);

const ledger = list(ledgerLine, 'Line by line what was looked at. Every "no" names lines of it.');
const gaps = list(
  gap,
  "What could not be looked at. `complete` is false where one of them is required.",
);

export const coverage = v.pipe(
  v.object({
    firstEntry: v.nullable(time("The first entry of the journal.")),
    lastEntry: v.nullable(time("Its last entry.")),
    boots: count("How many boots the journal holds."),
    holes: list(hole, "Where entries are missing."),
    gaps,
    ledger,
  }),
  v.title("What the sources really hold"),
);

/** The same without the journal, which foretells nothing. */
export const coverageOfCheck = v.pipe(v.object({ ledger }), v.title("What was looked at"));

export { gaps };

const oneHost = v.pipe(
  v.object({
    ...identity,
    origin: text("Where it was looked at: `/`, a directory, a bundle, a name for ssh."),
    complete: flag("Everything that is required of this host could be read."),
    window,
    coverage,
  }),
  v.title("One of several hosts"),
);

export const hosts = v.exactOptional(
  list(oneHost, "Each host by itself. Only where several were looked at."),
);

const suppression = v.pipe(
  v.object({
    rule: text("A rule, or all rules of a group: `access/*`."),
    vm: v.exactOptional(text("Only for this VM.")),
    path: v.exactOptional(text("Only for paths that this glob matches.")),
    reason: text("Why it is accepted."),
    until: text("The last day on which it holds, ISO 8601."),
  }),
  v.title("An entry of the configuration file"),
);

export const suppressions = v.pipe(
  v.nullable(
    v.object({
      file: text("The configuration file."),
      holding: list(suppression, "Those that hold on the day of the report."),
      expired: list(suppression, "Those that no longer do."),
    }),
  ),
  v.description("What the configuration suppresses; null where it suppresses nothing."),
);

/** What every document begins with. */
export const head = {
  schemaVersion: v.pipe(
    v.literal(1),
    v.description("Moves when a key changes its meaning or goes. New keys may come without it."),
  ),
  generatedAt: time("The one time that is taken from the clock, or from `--now`."),
};
