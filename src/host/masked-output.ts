import type { Program } from "./host.ts";
import {
  isJournalField,
  JOURNAL_FIELDS,
  type JournalField,
  type JournalFields,
} from "./journal-fields.ts";
import { lineMask, writerOf, type LineMask } from "./line-masking.ts";
import { maskLoneValues } from "./lone-values.ts";
import { mask } from "./redaction.ts";

/** Masks the lines of one run of a program, one after the other: a value may go on in the line behind. */
export type OutputMask = (line: string) => string;

/** Takes a program; gives what masks its lines: entries of journalctl field by field, JSON of nix value by value. */
export const outputMask = (program: Program): OutputMask => {
  const masked = lineMask();
  const inText = (text: string): string => masked(text, () => "");
  const inField = fieldMask();
  switch (program) {
    case "journalctl":
      return (line) => maskedJson(line, inText, (parsed) => maskedEntry(parsed, masked, inField));
    case "nix":
      return (line) =>
        maskedJson(line, inText, (parsed) => maskedValue(parsed, (one) => mask(one)));
    case "nix-store":
    case "systemctl":
    case "getfacl":
    case "git":
      return inText;
  }
};

/** An object is masked value by value, so that it stays JSON; a line that is none is text, whatever it begins with. */
const maskedJson = (
  line: string,
  inText: OutputMask,
  inObject: (parsed: Record<string, unknown>) => unknown,
): string => {
  if (!line.startsWith("{")) return inText(line);
  try {
    const parsed: unknown = JSON.parse(line);
    return isPlainObject(parsed) ? JSON.stringify(inObject(parsed)) : inText(line);
  } catch {
    return inText(line);
  }
};

/**
 * A message may be the rest of the one before it, by the same writer; no other field of an entry is. journalctl prints fields in an order
 * that changes from run to run, here they have one.
 */
const maskedEntry = (
  entry: Record<string, unknown>,
  masked: LineMask,
  inField: OutputMask,
): Record<string, unknown> => {
  const inMessage = (text: string): string => maskLoneValues(masked(text, () => writerOf(entry)));
  return Object.fromEntries(
    JOURNAL_FIELDS.filter((field) => Object.hasOwn(entry, field)).map((field) => [
      field,
      maskedValue(entry[field], field === "MESSAGE" ? inMessage : inField),
    ]),
  );
};

/** Masks the kept fields of an entry. */
export type EntryMask = (fields: JournalFields) => JournalFields;

/** Masks the entries of one journal, one after the other, as `outputMask` masks its lines. */
export const entryMask = (): EntryMask => {
  const masked = lineMask();
  const inField = fieldMask();
  /** A field has the value that it had before, as a rule. */
  const before = new Map<JournalField, { readonly value: string; readonly shown: string }>();
  const shownOf = (field: JournalField, value: string): string => {
    const known = before.get(field);
    if (known?.value === value) return known.shown;
    const shown = inField(value);
    before.set(field, { value, shown });
    return shown;
  };
  return (fields) => {
    const { MESSAGE: said } = fields;
    const message =
      said === undefined ? undefined : maskLoneValues(masked(said, () => writerOf(fields)));
    if (message === said && isShownAsItIs(fields, shownOf)) return fields;
    const shown: Partial<Record<JournalField, string>> = {};
    for (const name of JOURNAL_FIELDS) {
      const value = name === "MESSAGE" ? undefined : fields[name];
      if (value !== undefined) shown[name] = shownOf(name, value);
    }
    return message === undefined ? shown : { ...shown, MESSAGE: message };
  };
};

/** Nothing of the entry is masked, and it has no field that is not kept; its message aside. */
const isShownAsItIs = (
  fields: JournalFields,
  shownOf: (field: JournalField, value: string) => string,
): boolean => {
  for (const name in fields) {
    if (name === "MESSAGE") continue;
    const value = isJournalField(name) ? fields[name] : undefined;
    if (!isJournalField(name) || value === undefined || shownOf(name, value) !== value)
      return false;
  }
  return true;
};

/** Numbers, ids and cursors, which are most of an entry. */
const PLAIN =
  /^(?:[0-9a-f]{0,32}|[0-9]+|s=[0-9a-f]{32};i=[0-9a-f]+;b=[0-9a-f]{32};m=[0-9a-f]+;t=[0-9a-f]+;x=[0-9a-f]+)$/u;
const MOST_KNOWN = 1000;

/** Masks a field other than the message; the same names come again and again. */
const fieldMask = (): OutputMask => {
  const known = new Map<string, string>();
  return (text) => {
    if (PLAIN.test(text)) return text;
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const masked = mask(text);
    if (known.size < MOST_KNOWN) known.set(text, masked);
    return masked;
  };
};

const maskedValue = (value: unknown, masked: OutputMask): unknown => {
  if (typeof value === "string") return masked(value);
  if (Array.isArray(value)) {
    return value.length > 0 && value.every((byte) => typeof byte === "number")
      ? maskedBytes(value, masked)
      : value.map((one) => maskedValue(one, masked));
  }
  return isPlainObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskedValue(one, masked)]))
    : value;
};

/** journalctl prints what is no UTF-8, or holds control characters, as an array of bytes. */
const maskedBytes = (bytes: readonly number[], masked: OutputMask): readonly number[] | string => {
  const text = Buffer.from(bytes).toString("utf8");
  const shown = masked(text);
  return shown === text ? bytes : shown;
};

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
