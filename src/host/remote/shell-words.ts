import { CONTROL_ESCAPES } from "../control-escapes.ts";

/**
 * A word for sh(1): between single quotes nothing has a meaning but the quote that ends them (POSIX, Shell Command Language, 2.2.2).
 * No word of a shell can hold a NUL; the caller refuses it.
 */
export const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * The names that `ls -A -b -1` printed, one a line. `-b` writes a backslash in front of a letter for a control character, of three
 * octal digits for any other byte that is not printable, and of a backslash or a space itself (coreutils, lib/quotearg.c,
 * escape_quoting_style). Bytes that are no UTF-8 become U+FFFD, as readdir of Node gives them.
 */
export const listedNames = (printed: Buffer): readonly string[] =>
  printed
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Buffer.from(unescaped(line), "latin1").toString("utf8"));

const unescaped = (line: string): string =>
  line.replace(/\\(?:([0-7]{3})|(.))/gsu, (_, octal: string | undefined, character: string) =>
    octal === undefined
      ? (CONTROL_ESCAPES[character] ?? character)
      : String.fromCodePoint(Number.parseInt(octal, 8)),
  );
