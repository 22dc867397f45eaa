const CLOSES: ReadonlySet<string> = new Set(`"'\\)]}`);

/**
 * Where the bracket stands that closes a list at the end of a text: behind it are only quotes, brackets and white space. `undefined` where the
 * text ends otherwise. Linear, which a pattern without an anchor in front is not.
 */
export const closingBracket = (text: string): number | undefined => {
  let first: number | undefined;
  for (let at = text.trimEnd().length - 1; CLOSES.has(text[at] ?? ""); at -= 1) {
    if (text[at] === "]") first = at;
  }
  return first;
};

/** Where the run of these characters begins that a text ends with, white space behind it left out; the length of the text without any. */
export const trailingRun = (text: string, characters: ReadonlySet<string>): number => {
  let begin = text.trimEnd().length;
  while (characters.has(text[begin - 1] ?? "")) begin -= 1;
  return begin;
};
