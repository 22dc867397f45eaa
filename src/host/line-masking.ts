import { closingBracket } from "./closing.ts";
import { placeholder } from "./placeholder.ts";
import { recentAnswers } from "./recent-answers.ts";
import { mask } from "./redaction.ts";

/** Masks a line of a source, which is whoever writes one line after the other: a process, as a rule. */
export type LineMask = (text: string, source: () => string) => string;

/** Who writes the lines of a journal one after the other: a process of one boot under one name. */
export const writerOf = (fields: Readonly<Record<string, unknown>>): string =>
  ["_BOOT_ID", "_PID", "SYSLOG_IDENTIFIER"]
    .map((field) => {
      const value = fields[field];
      return typeof value === "string" ? value : "";
    })
    .join(" ");

/** What a source is in the middle of: a key block, or a list of strings with a value of several lines in it. */
interface Unfinished {
  readonly what: "key" | "list";
  left: number;
}

/** No value is longer than this many lines; so much is masked where the end never comes. */
const MOST_LINES = 400;
/** journald cuts a line here (journald.conf(5), LineMax=), and the rest comes as a line of its own. */
const CUT = 48 * 1024;

const KEY_BEGINS = /-----BEGIN [A-Z ]{0,64}PRIVATE KEY[A-Z ]{0,64}-----/u;
const KEY_ENDS = "-----END";
const ARMOUR = /^[\w+/=.:,;\s-]*$/u;
const MASKED_ALREADY = /^<masked, \d+ bytes>/u;
const ANY_CREDENTIAL = /io\.systemd\.credential(?:\.binary)?:/u;
const CREDENTIAL = /io\.systemd\.credential(?:\.binary)?:(?!vmm\.)/u;

/**
 * Masks lines as `mask` does, and the lines behind them that are the rest of the same value: a value with a line break in it reaches
 * the journal as several entries, of which only the first says what it is.
 */
export const lineMask = (): LineMask => {
  const open = new Map<string, Unfinished>();
  const alone = recentAnswers(
    (text): Alone => ({ masked: mask(text), begins: beginsIn(text) }),
    MOST_REMEMBERED,
  );
  return (text, source) => {
    const unfinished = open.size === 0 ? undefined : open.get(source());
    if (unfinished !== undefined) {
      unfinished.left -= 1;
      const rest = unfinished.what === "key" ? restOfKey(text) : restOfList(text);
      if (rest === undefined || rest.isLast || unfinished.left === 0) open.delete(source());
      if (rest !== undefined) return rest.masked;
    }
    const { masked, begins } = alone(text);
    if (begins !== undefined) open.set(source(), { what: begins, left: MOST_LINES });
    return masked;
  };
};

/** A line by itself, and what of several lines begins in it. */
interface Alone {
  readonly masked: string;
  readonly begins: Unfinished["what"] | undefined;
}

const MOST_REMEMBERED = 1000;

const beginsIn = (text: string): Unfinished["what"] | undefined => {
  const key = text.search(KEY_BEGINS);
  if (key >= 0) return text.includes(KEY_ENDS, key) ? undefined : "key";
  if (endsInList(text)) return "list";
  return Buffer.byteLength(text) >= CUT &&
    CREDENTIAL.test(text) &&
    closingBracket(text) === undefined
    ? "list"
    : undefined;
};

/** A list with a credential in it that no bracket closes. */
const endsInList = (text: string): boolean => {
  const tail = text.slice(text.lastIndexOf("]") + 1);
  const open = tail.indexOf("[");
  return open >= 0 && ANY_CREDENTIAL.test(tail.slice(open));
};

interface Rest {
  readonly masked: string;
  readonly isLast: boolean;
}

/** Nothing where the line is none of the key's: whoever wrote it goes on with something else. */
const restOfKey = (text: string): Rest | undefined => {
  const end = text.indexOf(KEY_ENDS);
  if (end >= 0) return { masked: `${hidden(text.slice(0, end))}${text.slice(end)}`, isLast: true };
  if (MASKED_ALREADY.test(text)) return { masked: text, isLast: false };
  return ARMOUR.test(text) ? { masked: hidden(text), isLast: false } : undefined;
};

const restOfList = (text: string): Rest => {
  if (MASKED_ALREADY.test(text)) return { masked: text, isLast: text.includes("]") };
  const closing = closingBracket(text);
  return closing === undefined
    ? { masked: hidden(text), isLast: false }
    : { masked: `${hidden(text.slice(0, closing))}${text.slice(closing)}`, isLast: true };
};

const hidden = (text: string): string => (text === "" ? "" : placeholder(text));
