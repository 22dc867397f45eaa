import { createHash } from "node:crypto";

import type { Translation } from "./host-files.ts";
import type { Sender } from "./journal-schema.ts";
import { placeOf } from "./journal-units.ts";
import type { Scenario } from "./scenario-schema.ts";

interface Occasion {
  readonly time: number;
  /** The run of the sender's unit. */
  readonly invocation: string | undefined;
  readonly scenario: Scenario;
  readonly translation: Translation;
}

/** How long before journald writes an entry its sender sent it. */
const DELAY = 40;

/** The fields that tell who sent an entry and by which way. */
export const senderFields = (sender: Sender, occasion: Occasion): Record<string, string> => {
  const { transport = "stdout", priority = 6, facility = 3 } = sender;
  return {
    _TRANSPORT: transport,
    PRIORITY: String(priority),
    SYSLOG_FACILITY: String(facility),
    ...(transport === "kernel"
      ? kernelFields(occasion)
      : processFields(sender, transport, occasion)),
  };
};

const kernelFields = ({ time, scenario, translation }: Occasion): Record<string, string> => ({
  SYSLOG_IDENTIFIER: "kernel",
  _SOURCE_MONOTONIC_TIMESTAMP: String(time - DELAY - translation.clock(scenario.host.booted)),
});

const processFields = (
  sender: Sender,
  transport: string,
  { time, invocation, scenario, translation }: Occasion,
): Record<string, string> => {
  const { unit, user = "root", comm, exe, cmdline } = sender;
  const account = scenario.users[user];
  if (account === undefined) throw new Error(`the scenario has no user ${user}`);
  const pid = String(sender.pid ?? forkedAt(time, scenario, translation));
  return {
    ...defined({
      SYSLOG_IDENTIFIER: sender.identifier ?? unit?.replace(/\.service$/u, ""),
      SYSLOG_PID: transport === "syslog" ? pid : undefined,
      _PID: pid,
      _UID: String(account.uid),
      _GID: String(scenario.groups[account.group]?.gid ?? 0),
      _COMM: comm,
      _EXE: exe === undefined ? undefined : translation.fill(exe),
      _CMDLINE: cmdline === undefined ? undefined : translation.fill(cmdline),
      _CAP_EFFECTIVE: account.uid === 0 ? "1ffffffffff" : "0",
      _SYSTEMD_INVOCATION_ID: invocation,
      _STREAM_ID:
        transport === "stdout" ? streamId(`${invocation} ${sender.identifier ?? ""}`) : undefined,
      _SOURCE_REALTIME_TIMESTAMP: transport === "stdout" ? undefined : String(time - DELAY),
    }),
    ...(unit === undefined ? {} : placeOf(unit, account.uid)),
  };
};

const forkedAt = (time: number, { journal }: Scenario, { clock }: Translation): number =>
  journal.pids.first +
  Math.floor(((time - clock(journal.from)) / 1_000_000) * journal.pids.perSecond);

const streamId = (label: string): string =>
  createHash("sha256").update(`stream ${label}`).digest("hex").slice(0, 32);

const defined = (fields: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    ),
  );
