/** The host whose journal is measured: what journald adds to an entry of systemd, of a unit and of the kernel, and chance that is the same everywhere. */
import { createHash } from "node:crypto";

import { MESSAGE_ID } from "../src/journal/message-ids.ts";
import type { JournalEntry } from "../test/support/journal-entries.ts";
import { placeOf } from "../test/support/journal-units.ts";

type Fields = Readonly<Record<string, string>>;

/** Microseconds since 1970: 2026-05-04 06:00:00 UTC. */
export const BOOTED = 1_777_874_400_000_000;

export const MACHINE_ID = "6b0f3d1e5a974c2881d4a9e07c53fb26";

const MACHINE = {
  _BOOT_ID: "e4a17b90c6d84f3fa25b18c07d9e6341",
  _MACHINE_ID: MACHINE_ID,
  _HOSTNAME: "hypervisor",
  _RUNTIME_SCOPE: "system",
};

const SYSTEMD = "/nix/store/0l7y8ygwvy3mgsjc5vnb2wlvdlqbzvvd-systemd-257.9/lib/systemd/systemd";

/** How long before journald writes an entry its sender sent it. */
const DELAY = 60;

/** An entry of systemd about a unit; `fields` are those of the event. */
export const fromManager = (time: number, fields: Fields): JournalEntry => ({
  time,
  fields: {
    ...MACHINE,
    PRIORITY: "6",
    SYSLOG_FACILITY: "3",
    SYSLOG_IDENTIFIER: "systemd",
    TID: "1",
    _TRANSPORT: "journal",
    _PID: "1",
    _UID: "0",
    _GID: "0",
    _COMM: "systemd",
    _EXE: SYSTEMD,
    _CMDLINE: "/run/current-system/systemd/lib/systemd/systemd --system",
    _CAP_EFFECTIVE: "1ffffffffff",
    _SELINUX_CONTEXT: "kernel",
    ...placeOf("init.scope", 0),
    _SOURCE_REALTIME_TIMESTAMP: String(time - DELAY),
    ...fields,
  },
});

/** Who writes to stdout, or by syslog(3) or sd_journal_print(3). */
export interface Process {
  readonly unit: string;
  readonly invocation: string;
  readonly identifier: string;
  readonly pid: number;
  readonly uid: number;
  readonly comm: string;
  readonly exe: string;
  readonly cmdline: string;
  readonly transport: "stdout" | "syslog" | "journal";
  readonly priority?: number;
}

/** An entry of a process of a unit. */
export const fromUnit = (time: number, process: Process, message: string): JournalEntry => ({
  time,
  fields: {
    ...MACHINE,
    PRIORITY: String(process.priority ?? 6),
    SYSLOG_FACILITY: "3",
    SYSLOG_IDENTIFIER: process.identifier,
    _TRANSPORT: process.transport,
    _PID: String(process.pid),
    _UID: String(process.uid),
    _GID: String(process.uid),
    _COMM: process.comm,
    _EXE: process.exe,
    _CMDLINE: process.cmdline,
    _CAP_EFFECTIVE: "0",
    _SELINUX_CONTEXT: "unconfined",
    ...placeOf(process.unit, process.uid),
    _SYSTEMD_INVOCATION_ID: process.invocation,
    ...(process.transport === "stdout"
      ? { _STREAM_ID: idOf(`stream of ${process.invocation}`) }
      : { _SOURCE_REALTIME_TIMESTAMP: String(time - DELAY) }),
    MESSAGE: message,
  },
});

/** An entry of the kernel. */
export const fromKernel = (time: number, priority: number, message: string): JournalEntry => ({
  time,
  fields: {
    ...MACHINE,
    PRIORITY: String(priority),
    SYSLOG_FACILITY: "0",
    SYSLOG_IDENTIFIER: "kernel",
    _TRANSPORT: "kernel",
    _SOURCE_MONOTONIC_TIMESTAMP: String(time - BOOTED - DELAY),
    MESSAGE: message,
  },
});

/** The first line of a boot: the journal holds all of it. */
export const journalStarted = (): JournalEntry => {
  const { time, fields } = fromUnit(
    BOOTED + 1_000_000,
    {
      unit: "systemd-journald.service",
      invocation: idOf("systemd-journald"),
      identifier: "systemd-journald",
      pid: 412,
      uid: 0,
      comm: "systemd-journal",
      exe: `${SYSTEMD}-journald`,
      cmdline: `${SYSTEMD}-journald`,
      transport: "journal",
    },
    "Journal started",
  );
  return { time, fields: { ...fields, MESSAGE_ID: MESSAGE_ID.journalStart } };
};

/** 32 hex digits that are the same for the same label. */
export const idOf = (label: string): string =>
  createHash("sha256").update(label).digest("hex").slice(0, 32);

/** Numbers from 0 up to, not including, `below`: the same row for the same seed (an xorshift of Marsaglia's, 32 bits). */
export const chance = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
};
