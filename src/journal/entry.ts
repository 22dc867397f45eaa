import { fieldsOfJson } from "../host/entry-fields.ts";
import type { JournalField, JournalFields } from "../host/journal-fields.ts";
import {
  bootId,
  invocationId,
  micros,
  unitName,
  type BootId,
  type InvocationId,
  type Micros,
  type UnitName,
} from "../vocabulary.ts";
import type { JournalRef } from "../evidence/reference.ts";

/** Who wrote a line: systemd itself, the child that sets a process up, a process of a unit, the kernel, or anybody else. */
export type Author = "manager" | "exec-child" | "unit" | "kernel" | "other";

/** One journal entry with the fields that mvdoctor uses, values as text. */
export interface JournalEntry {
  readonly cursor: string;
  readonly time: Micros;
  /** Microseconds since the boot `boot`; within one boot this is the true order. */
  readonly monotonic: number;
  readonly boot: BootId;
  readonly author: Author;
  /** The unit that the line is about. */
  readonly unit?: UnitName;
  readonly invocation?: InvocationId;
  readonly messageId?: string;
  /** Control characters are kept here and dropped where text is shown. */
  readonly message: string;
  readonly identifier: string;
  readonly pid?: number;
  readonly uid?: number;
  readonly fields: JournalFields;
}

/** One line of `journalctl -o json`, as `fieldsOfJson` takes it. `undefined` for a line that is no entry. */
export const parseJsonEntry = (line: Uint8Array): JournalEntry | undefined => {
  const fields = fieldsOfJson(line);
  return fields === undefined ? undefined : entryOf(fields);
};

/** The entry that has these fields; `undefined` where what makes an entry is missing. */
export const entryOf = (fields: JournalFields): JournalEntry | undefined => {
  const cursor = fields["__CURSOR"];
  const time = Number(fields["__REALTIME_TIMESTAMP"]);
  if (cursor === undefined || !Number.isSafeInteger(time) || time <= 0) return undefined;
  const monotonic = Number(fields["__MONOTONIC_TIMESTAMP"]);
  const author = authorOf(fields);
  const unit = unitOf(fields, author);
  // An empty id is what systemd writes for a unit that never ran.
  const invocation = firstNamed(fields, "INVOCATION_ID", "_SYSTEMD_INVOCATION_ID");
  const messageId = fields["MESSAGE_ID"];
  const pid = Number(fields["_PID"]);
  const uid = uidOf(fields["_UID"]);
  // A journal has millions of entries: no object is made for what is not there.
  const entry: { -readonly [Key in keyof JournalEntry]: JournalEntry[Key] } = {
    cursor,
    time: micros(time),
    monotonic: Number.isFinite(monotonic) ? monotonic : 0,
    boot: bootId(fields["_BOOT_ID"] ?? ""),
    author,
    message: fields["MESSAGE"] ?? "",
    identifier: fields["SYSLOG_IDENTIFIER"] ?? fields["_COMM"] ?? "unknown",
    fields,
  };
  if (unit !== undefined) entry.unit = unitName(unit);
  if (invocation !== undefined) entry.invocation = invocationId(invocation);
  if (messageId !== undefined) entry.messageId = messageId;
  if (Number.isSafeInteger(pid) && pid > 0) entry.pid = pid;
  if (uid !== undefined) entry.uid = uid;
  return entry;
};

const uidOf = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^\d+$/u.test(text)) return undefined;
  const uid = Number(text);
  return Number.isSafeInteger(uid) ? uid : undefined;
};

/**
 * Any process may write UNIT= or MESSAGE_ID= of its own; fields with an underscore are journald's word.
 * So only PID 1 of root speaks as the manager.
 */
const authorOf = (fields: JournalFields): Author => {
  if (fields["_TRANSPORT"] === "kernel") return "kernel";
  if (fields["_PID"] === "1" && (fields["_UID"] ?? "0") === "0") return "manager";
  if (/^\(.+\)?$/u.test(fields["SYSLOG_IDENTIFIER"] ?? "") && fields["_TRANSPORT"] === "journal")
    return "exec-child";
  return fields["_SYSTEMD_UNIT"] !== undefined || fields["_TRANSPORT"] === "stdout"
    ? "unit"
    : "other";
};

/** The first of these fields that names something: an empty one names nothing. */
const firstNamed = (
  fields: JournalFields,
  ...names: readonly JournalField[]
): string | undefined => {
  for (const name of names) if (fields[name]) return fields[name];
  return undefined;
};

const unitOf = (fields: JournalFields, author: Author): string | undefined => {
  if (author === "manager" || author === "exec-child") {
    return firstNamed(fields, "UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT") ?? ownUnit(fields);
  }
  return ownUnit(fields) ?? firstNamed(fields, "COREDUMP_UNIT", "OBJECT_SYSTEMD_UNIT");
};

const ownUnit = (fields: JournalFields): string | undefined => {
  const own = firstNamed(fields, "_SYSTEMD_UNIT");
  if (own !== undefined && own !== "init.scope") return own;
  // A process that died before journald looked at it has lost its unit; its identifier is set by the unit file.
  const identifier = fields["SYSLOG_IDENTIFIER"];
  return identifier !== undefined && /^microvm@[^\s/]+$/u.test(identifier)
    ? `${identifier}.service`
    : undefined;
};

export const journalRef = (entry: JournalEntry): JournalRef => {
  const ref: { -readonly [Key in keyof JournalRef]: JournalRef[Key] } = {
    kind: "journal",
    cursor: entry.cursor,
    time: entry.time,
    identifier: entry.identifier,
    text: entry.message,
  };
  if (entry.pid !== undefined) ref.pid = entry.pid;
  if (entry.uid !== undefined) ref.uid = entry.uid;
  return ref;
};
