/**
 * The fields of a journal entry that mvdoctor keeps (systemd.journal-fields(7), and those of systemd's own messages). Any program may
 * log fields of its own, and journald adds command lines and environments: what is not named here goes no further than `maskedHost`.
 */
export const JOURNAL_FIELDS = [
  "COMMAND",
  "COREDUMP_UNIT",
  "ERRNO",
  "EXIT_CODE",
  "EXIT_STATUS",
  "INVOCATION_ID",
  "JOB_RESULT",
  "JOB_TYPE",
  "MESSAGE",
  "MESSAGE_ID",
  "N_DROPPED",
  "OBJECT_SYSTEMD_UNIT",
  "SYSLOG_IDENTIFIER",
  "UNIT",
  "UNIT_RESULT",
  "_BOOT_ID",
  "_COMM",
  "_HOSTNAME",
  "_MACHINE_ID",
  "_PID",
  "_SYSTEMD_INVOCATION_ID",
  "_SYSTEMD_UNIT",
  "_TRANSPORT",
  "_UID",
  "__CURSOR",
  "__MONOTONIC_TIMESTAMP",
  "__REALTIME_TIMESTAMP",
  "__SEQNUM",
  "__SEQNUM_ID",
] as const;

export type JournalField = (typeof JOURNAL_FIELDS)[number];

/** The kept fields of one entry, values as text. */
export type JournalFields = Readonly<Partial<Record<JournalField, string>>>;

const KEPT: ReadonlySet<string> = new Set(JOURNAL_FIELDS);

/** Whether a field is one that mvdoctor keeps. */
export const isJournalField = (name: string): name is JournalField => KEPT.has(name);
