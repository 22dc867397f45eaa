import { isJournalField, type JournalField, type JournalFields } from "../host/journal-fields.ts";
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
  readonly fields: Omit<JournalFields, "MESSAGE">;
}

/**
 * One line of `journalctl -o json`. `undefined` for a line that is no entry: total, whatever the bytes.
 * Shapes of values as journalctl 252 to 262 prints them: a string, an array of bytes (control characters or no UTF-8),
 * null (too long without --all), or an array of these where a field is repeated.
 */
export const parseJsonEntry = (line: Uint8Array): JournalEntry | undefined => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(
      Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8"),
    );
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const fields: Partial<Record<JournalField, string>> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (!isJournalField(name)) continue;
    const text = fieldText(value);
    if (text !== undefined) fields[name] = text;
  }
  return entryOf(fields);
};

/** The text of one value; of a repeated field, an array of values, the first that is text. journalctl nests no deeper. */
const fieldText = (value: unknown): string | undefined => {
  const text = valueText(value);
  if (text !== undefined || !Array.isArray(value)) return text;
  for (const part of value) {
    const one = valueText(part);
    if (one !== undefined) return one;
  }
  return undefined;
};

const valueText = (value: unknown): string | undefined => {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) && value.every((byte) => typeof byte === "number")
    ? Buffer.from(value).toString("utf8")
    : undefined;
};

const entryOf = ({ MESSAGE: message = "", ...fields }: JournalFields): JournalEntry | undefined => {
  const cursor = fields["__CURSOR"];
  const time = Number(fields["__REALTIME_TIMESTAMP"]);
  if (cursor === undefined || !Number.isSafeInteger(time) || time <= 0) return undefined;
  const monotonic = Number(fields["__MONOTONIC_TIMESTAMP"]);
  const pid = Number(fields["_PID"]);
  const uid = Number(fields["_UID"]);
  const unit = unitOf(fields);
  // An empty id is what systemd writes for a unit that never ran.
  const invocation = firstNamed(fields, "INVOCATION_ID", "_SYSTEMD_INVOCATION_ID");
  const messageId = fields["MESSAGE_ID"];
  return {
    cursor,
    time: micros(time),
    monotonic: Number.isFinite(monotonic) ? monotonic : 0,
    boot: bootId(fields["_BOOT_ID"] ?? ""),
    author: authorOf(fields),
    message,
    identifier: fields["SYSLOG_IDENTIFIER"] ?? fields["_COMM"] ?? "unknown",
    ...(unit === undefined ? {} : { unit: unitName(unit) }),
    ...(invocation === undefined ? {} : { invocation: invocationId(invocation) }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(Number.isSafeInteger(pid) && pid > 0 ? { pid } : {}),
    ...(/^\d+$/u.test(fields["_UID"] ?? "") && Number.isSafeInteger(uid) ? { uid } : {}),
    fields,
  };
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
const firstNamed = (fields: JournalFields, ...names: readonly JournalField[]): string | undefined =>
  names.map((name) => fields[name]).find((value) => value);

const unitOf = (fields: JournalFields): string | undefined => {
  const author = authorOf(fields);
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

export const journalRef = (entry: JournalEntry): JournalRef => ({
  kind: "journal",
  cursor: entry.cursor,
  time: entry.time,
  identifier: entry.identifier,
  ...(entry.pid === undefined ? {} : { pid: entry.pid }),
  ...(entry.uid === undefined ? {} : { uid: entry.uid }),
  text: entry.message,
});
