import type { HostPath } from "../vocabulary.ts";

/** What a program is told to write to, by how people name such options and settings. */
const OPTION =
  /(?:^|\s)(?:-o|-O|--(?:out(?:put)?(?:-file)?|to|dest(?:ination)?|target|sink|write(?:-to)?))[=\s]["']?$/u;
const SETTING = /\b(?:dest(?:ination)?|output|target|sink)["']?\s*[=:]\s*["']?$/u;
const REDIRECTED = />>?\|?\s*["']?$/u;
const PIPED = /\btee\s+(?:-\w+\s+)*["']?$/u;
const COPIED_BY_DD = /\bof=["']?$/u;
/** Programs whose last word is what they make. */
const LAST_WORD = /(?:^|[\s;&|(/])(?:install|cp|mv|ln|touch)\s[^;&|]*$/u;
const READING = /(?:\b(?:cat|head|tail|base64|source|read|test)\b[^;&|>]*|<\s*|\[\[?\s+[^\]]*)$/u;

/** Text in front of each place where the path itself stands, and behind it, within one line. */
const occurrences = (
  text: string,
  path: HostPath,
): readonly { readonly before: string; readonly after: string }[] =>
  text.split("\n").flatMap((line) => {
    const found: { before: string; after: string }[] = [];
    for (let at = line.indexOf(path); at >= 0; at = line.indexOf(path, at + 1)) {
      const after = line.slice(at + path.length);
      // A longer path that only begins like it is another one.
      if (!/^[\w.@+/-]/u.test(after)) found.push({ before: line.slice(0, at), after });
    }
    return found;
  });

/** Whether a command or script writes to the path. */
export const writesTo = (text: string, path: HostPath): boolean =>
  occurrences(text, path).some(
    ({ before, after }) =>
      [OPTION, REDIRECTED, PIPED, COPIED_BY_DD].some((pattern) => pattern.test(before)) ||
      (LAST_WORD.test(before) && /^["']?\s*(?:$|[;&|)#])/u.test(after)),
  );

/** Whether a program's configuration names the path as the place of its output. */
export const isDestinationIn = (text: string, path: HostPath): boolean =>
  occurrences(text, path).some(({ before }) => SETTING.test(before));

/** Whether a command or script names the path in a way that is no reading, nor a copy of it to elsewhere. */
export const mayMake = (text: string, path: HostPath): boolean =>
  occurrences(text, path).some(({ before }) => !READING.test(before) && !LAST_WORD.test(before));
