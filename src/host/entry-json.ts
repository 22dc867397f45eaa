import { isUtf8 } from "node:buffer";

/** The fields of an entry with their values as bytes, in the order in which they came. */
export type EntryFields = ReadonlyMap<string, readonly Buffer[]>;

/**
 * One entry as `journalctl --output=json --all` prints it: a value is a string where it is printable UTF-8, else an array of its bytes, and
 * a field with several values is an array of these (https://systemd.io/JOURNAL_EXPORT_FORMATS, "Journal JSON Format").
 */
export const entryJson = (fields: EntryFields): string =>
  `{${[...fields]
    .map(([name, values]) => {
      const [first, ...more] = values.map((value) => jsonValue(value));
      return `${JSON.stringify(name)}:${more.length === 0 ? first : `[${[first, ...more].join(",")}]`}`;
    })
    .join(",")}}`;

/** Control characters but tab and newline, as journalctl tells them apart (systemd, utf8.c, utf8_is_printable_newline). */
const UNPRINTABLE = /(?![\t\n])\p{Cc}/u;

const jsonValue = (value: Buffer): string => {
  if (isUtf8(value)) {
    const text = value.toString("utf8");
    if (!UNPRINTABLE.test(text)) return JSON.stringify(text);
  }
  return JSON.stringify([...value]);
};
