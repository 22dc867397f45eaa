import { closingBracket, trailingRun } from "./closing.ts";

/**
 * Where a text comes from decides where a value in it ends: in a file the quotes of the shell do; in a line that a program wrote
 * nothing does for sure, since the value itself may hold brackets, commas, quotes and spaces.
 */
export type TextKind = "file" | "line";

/** An SMBIOS OEM string with a credential (systemd.system-credentials(7)). vmm.notify_socket only says how readiness is reported. */
const MARKER = /io\.systemd\.credential(?:\.binary)?:(?!vmm\.notify_socket=)[^=\s"',\]]{1,256}=/gu;
const NEXT = /,?io\.systemd\.credential/gu;
const MASKED = /<masked, \d+ bytes>/uy;
/** A list or a word that ends here: the credential has no value. */
const NO_VALUE = /^(?:,?["'\\)\]}]*$|\]["'\\)\]}]*\s)/u;
/** What closes the list stands behind the value, and so may the options behind it. */
const CLOSES: ReadonlySet<string> = new Set(`"'])}\\>`);
const OPTIONS_BEHIND = /\]["']?\s+--[a-z]/u;

/** A path in a script says where a value lies: somebody took the string for a file's name. */
const PLACE = /^\/(?:etc|home|mnt|nix|persist|root|run|srv|var)\/[\w./@+-]+$/u;

/** Takes a text; gives it with the value of each credential in OEM strings replaced by `placeholder(value)`. */
export const maskCredentialStrings = (
  text: string,
  kind: TextKind,
  placeholder: (value: string) => string,
): string => {
  let masked = "";
  let done = 0;
  const quoteAt = quoteReader(text);
  for (const marker of text.matchAll(MARKER)) {
    const begin = marker.index + marker[0].length;
    if (begin < done) continue;
    const next = nextMarker(text, begin);
    const end =
      kind === "file"
        ? endOfShellWord(text.slice(0, next), quoteAt(marker.index), begin)
        : begin + endOfLine(text.slice(begin, next));
    const value = text.slice(begin, end);
    masked += text.slice(done, begin);
    done = begin;
    // Where a word of the shell ends at its first blank, the placeholder does not.
    MASKED.lastIndex = begin;
    if (MASKED.test(text) || NO_VALUE.test(value) || beginsWithExpansion(value, kind)) continue;
    const closing = value.slice(closingIn(value));
    if (closing === value) continue;
    if (kind === "file" && PLACE.test(value.slice(0, value.length - closing.length))) continue;
    masked += `${placeholder(value.slice(0, value.length - closing.length))}${closing}`;
    done = end;
  }
  return masked + text.slice(done);
};

const nextMarker = (text: string, from: number): number => {
  NEXT.lastIndex = from;
  return NEXT.exec(text)?.index ?? text.length;
};

const closingIn = (value: string): number =>
  Math.min(OPTIONS_BEHIND.exec(value)?.index ?? value.length, trailingRun(value, CLOSES));

/** A list that is closed at the end of its line is done; one that is open goes on behind it. */
const endOfLine = (text: string): number => {
  const line = text.indexOf("\n");
  return line >= 0 && closingBracket(text.slice(0, line)) !== undefined ? line : text.length;
};

/** The end of the quotes, or of the bare word, that stand around a place of a script. */
const endOfShellWord = (text: string, quote: Quote, begin: number): number => {
  if (quote === "'") return endOfSingleQuotes(text, begin);
  for (let at = begin; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (character === "\\") at += 1;
    else if (character === "$" && text[at + 1] === "(") at = endOfSubstitution(text, at);
    else if (quote === '"' ? character === '"' : /[\s;]/u.test(character)) return at;
  }
  return text.length;
};

/** `'\''` is how a quote stands inside of single quotes. */
const endOfSingleQuotes = (text: string, begin: number): number => {
  for (let at = text.indexOf("'", begin); at >= 0; at = text.indexOf("'", at + 4)) {
    if (!text.startsWith(String.raw`'\''`, at)) return at;
  }
  return text.length;
};

/** The index of the parenthesis that closes a `$(`; the last one of the text where none does. */
const endOfSubstitution = (text: string, open: number): number => {
  let depth = 0;
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    else if (text[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length - 1;
};

type Quote = "" | "'" | '"';

/** Tells the quote of the shell that is open at a place of its line. To be asked for places in ascending order: it reads the text once. */
const quoteReader = (text: string): ((place: number) => Quote) => {
  let quote: Quote = "";
  let at = 0;
  return (place) => {
    for (; at < place; at += 1) {
      const character = text[at];
      if (character === "\n") quote = "";
      else if (character === "\\" && quote !== "'" && text[at + 1] !== "\n") at += 1;
      else if (character === "'" && quote !== '"') quote = quote === "'" ? "" : "'";
      else if (character === '"' && quote !== "'") quote = quote === '"' ? "" : '"';
    }
    return quote;
  };
};

/**
 * A command substitution, or variables: these say where a value comes from. Not the `$6$...`, `$y$j9T$...` of a hashed password
 * (crypt(5)), which is a value; and in what a program wrote only what no value looks like, since there it is
 * expanded already. A script may fill a place of printf(1) too.
 */
export const beginsWithExpansion = (value: string, kind: TextKind): boolean =>
  EXPANSION[kind].test(value);

const EXPANSION: Readonly<Record<TextKind, RegExp>> = {
  file: /^\\?(?:\$\(|`[\w/$]|\$\{[A-Za-z_]\w*|\$[A-Za-z_]\w*(?![\w$])|(?:\$[A-Z_][A-Z0-9_]*)+(?!\w)|%[sbq](?!\w))/u,
  line: /^\\?(?:\$\(|`\/|\$\{[A-Za-z_]\w*[}:]|\$[A-Z_][A-Z0-9_]*(?=[\],;/"'\s\\]|$))/u,
};
