import type { FileRef } from "../evidence/reference.ts";
import type { HostPath } from "../vocabulary.ts";

/** A command line of a script: continued lines joined, comments left out, variables that hold a path put in. */
export interface ScriptLine {
  readonly text: string;
  readonly ref: FileRef;
  /** The physical line that an index of `text` lies on, quoted around that place. */
  refAt(index: number): FileRef;
}

interface Physical {
  readonly number: number;
  readonly raw: string;
  readonly text: string;
}

/** Takes a script; gives its command lines in order. Nothing is executed. */
export const scriptLines = (path: HostPath, script: string): readonly ScriptLine[] => {
  const lines: ScriptLine[] = [];
  let parts: Physical[] = [];
  for (const line of physicalLines(script)) {
    parts.push(line);
    if (/(?<!\\)(?:\\\\)*\\$/u.test(line.text)) continue;
    lines.push(joined(path, parts));
    parts = [];
  }
  return parts.length === 0 ? lines : [...lines, joined(path, parts)];
};

const physicalLines = (script: string): readonly Physical[] => {
  const variables = new Map<string, string>();
  return script.split("\n").flatMap((raw, index) => {
    if (/^\s*#(?!!)/u.test(raw)) return [];
    let putIn = 0;
    const text = raw.replace(/\$(?:\{(\w+)\}|(\w+))/gu, (whole, braced?: string, bare?: string) => {
      const value = variables.get(braced ?? bare ?? "");
      if (value === undefined || putIn + value.length > MOST_PUT_IN) return whole;
      putIn += value.length;
      return value;
    });
    const assignment = PATH_ASSIGNMENT.exec(text)?.groups;
    const { name, value } = assignment ?? {};
    if (name !== undefined && value !== undefined && value.length <= LONGEST_PATH)
      variables.set(name, value);
    return [{ number: index + 1, raw, text }];
  });
};

/** PATH_MAX of Linux: what is longer is no path. Variables that are made of others would grow with each line. */
const LONGEST_PATH = 4096;
/** So many characters are put into one line at most; what stands behind stays as it is written. */
const MOST_PUT_IN = 64 * 1024;

const PATH_ASSIGNMENT =
  /^\s*(?:export\s+|local\s+|readonly\s+)?(?<name>\w+)=(?<quote>["']?)(?<value>\/[\w./@+-]+)\k<quote>\s*$/u;

const joined = (path: HostPath, parts: readonly Physical[]): ScriptLine => {
  let text = "";
  const begins = parts.map((part) => {
    const at = text.length;
    text += `${part.text.replace(/\\$/u, "")} `;
    return at;
  });
  text = text.slice(0, -1);
  const refAt = (index: number): FileRef => {
    const at = begins.findLastIndex((begin) => begin <= index);
    const part = parts[Math.max(at, 0)];
    const own = Math.max(0, index - (begins[at] ?? 0));
    return {
      kind: "file",
      path,
      line: part?.number ?? 1,
      text: excerpt(part ?? { number: 1, raw: "", text: "" }, own),
    };
  };
  return { text, ref: refAt(0), refAt };
};

const MOST_QUOTED = 400;
const BEFORE = 120;

/** The line where it is short; else what stands around the place. */
const excerpt = ({ raw, text }: Physical, at: number): string => {
  const trimmed = raw.trim();
  if (trimmed.length <= MOST_QUOTED) return trimmed;
  const from = at <= BEFORE ? 0 : at - BEFORE;
  const quoted = text.slice(from, from + MOST_QUOTED).trim();
  return `${from === 0 ? "" : "..."}${quoted}${from + MOST_QUOTED < text.length ? "..." : ""}`;
};

type Quoting = "single" | "double" | "none";

/** Which quotes of the shell stand around a place of a line. Inside of `$(...)` the quotes begin anew. */
export const quotingAt = (text: string, index: number): Quoting => {
  if (text !== lastQuoted.text) lastQuoted = { text, quotes: quotesIn(text) };
  return lastQuoted.quotes[Math.min(index, text.length)] ?? "none";
};

/** Many places of one line are asked for one after the other. */
let lastQuoted: { readonly text: string; readonly quotes: readonly Quoting[] } = {
  text: "",
  quotes: [],
};

/** What stands around each place of a line, its end too. */
const quotesIn = (text: string): readonly Quoting[] => {
  const quotes: Quoting[] = [];
  const outer: ("double" | "none")[] = [];
  let quote: Quoting = "none";
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    quotes[at] = quote;
    if (quote === "single") {
      if (character === "'") quote = "none";
    } else if (character === "\\") {
      at += 1;
      quotes[at] = quote;
    } else if (character === "$" && text[at + 1] === "(") {
      outer.push(quote);
      quote = "none";
      at += 1;
      quotes[at] = quote;
    } else if (character === ")" && quote === "none" && outer.length > 0) {
      quote = outer.pop() ?? "none";
    } else if (character === "'" && quote === "none") quote = "single";
    else if (character === '"') quote = quote === "double" ? "none" : "double";
  }
  quotes[text.length] = quote;
  return quotes;
};

/** The index behind the parenthesis that closes the `$(` at `open`; the text's length where none does. */
export const endOfSubstitution = (text: string, open: number): number => {
  let depth = 0;
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    else if (text[at] === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
};

/** A word of a command line as it is written, with its place. */
export interface Word {
  readonly text: string;
  readonly index: number;
}

/** Takes a command line; gives its words as the shell splits them, quotes kept. */
export const wordsOf = (line: string): readonly Word[] => {
  if (line !== lastSplit.line) lastSplit = { line, words: splitLine(line) };
  return lastSplit.words;
};

let lastSplit: { readonly line: string; readonly words: readonly Word[] } = { line: "", words: [] };

const splitLine = (line: string): readonly Word[] => {
  const words: Word[] = [];
  let begin: number | undefined;
  for (let at = 0; at <= line.length; at += 1) {
    const character = line[at];
    const isSpace = character === undefined || /\s/u.test(character);
    if (isSpace) {
      if (begin !== undefined) words.push({ text: line.slice(begin, at), index: begin });
      begin = undefined;
      continue;
    }
    begin ??= at;
    if (character === "\\") at += 1;
    else if (character === "'") at = endOf(line.indexOf("'", at + 1), line);
    else if (character === '"') at = endOfDoubleQuotes(line, at);
    else if (character === "$" && line[at + 1] === "(") at = endOfSubstitution(line, at) - 1;
  }
  return words;
};

const endOf = (found: number, line: string): number => (found < 0 ? line.length - 1 : found);

const endOfDoubleQuotes = (line: string, open: number): number => {
  for (let at = open + 1; at < line.length; at += 1) {
    const character = line[at];
    if (character === "\\") at += 1;
    else if (character === "$" && line[at + 1] === "(") at = endOfSubstitution(line, at) - 1;
    else if (character === '"') return at;
  }
  return line.length - 1;
};
