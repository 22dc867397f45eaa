import type { PassedValue } from "../evidence/runner.ts";
import { hostPath } from "../vocabulary.ts";
import { endOfSubstitution, quotingAt, type ScriptLine } from "./script-text.ts";

/** What a script as a whole sets: by it a variable in a value is known to be filled, fixed or never set. */
export interface Assignments {
  /** Names that something in the script gives a value to. */
  readonly names: ReadonlySet<string>;
  /** Of those, the ones whose value was fixed when the script was built, and looks like a secret: its length in bytes. */
  readonly literals: ReadonlyMap<string, number>;
  /** It reads another file as a script, which may set anything. */
  readonly isOpen: boolean;
}

const ASSIGNED =
  /(?:^|[\s;&|({])(?:(?:export|local|declare|readonly|typeset)\s+(?:-\w+\s+)*)?(?<name>[A-Za-z_]\w*)\+?=/gu;
const NAMED =
  /\b(?:read(?:array)?|mapfile|getopts)\s+(?:-\w+\s+)*(?<read>[A-Za-z_]\w*)|\bfor\s+(?<loop>[A-Za-z_]\w*)\s+in\b|\$\{(?<default>[A-Za-z_]\w*):?=|\bprintf\s+-v\s+(?<printed>[A-Za-z_]\w*)/gu;
const FIXED = /(?:^|[\s;])(?<name>[A-Za-z_]\w*)=["']?<masked, (?<bytes>\d+) bytes>/gu;
const SOURCES = /(?:^|[;&|]\s*)\s*(?:source|\.)\s+\S/u;

export const assignmentsIn = (lines: readonly ScriptLine[]): Assignments => {
  const names = new Set<string>();
  const literals = new Map<string, number>();
  for (const { text } of lines) {
    for (const { groups } of text.matchAll(ASSIGNED))
      if (groups?.["name"]) names.add(groups["name"]);
    for (const { groups } of text.matchAll(NAMED)) {
      for (const name of Object.values(groups ?? {})) if (name !== undefined) names.add(name);
    }
    for (const { groups } of text.matchAll(FIXED)) {
      if (groups?.["name"]) literals.set(groups["name"], Number(groups["bytes"]));
    }
  }
  return { names, literals, isOpen: lines.some(({ text }) => SOURCES.test(text)) };
};

const PLACEHOLDER = /^<masked, (?<bytes>\d+) bytes>/u;
const VARIABLE = /\$\{?(?<name>[A-Za-z_]\w*)\}?/gu;
const PATH = /^\/(?:etc|home|mnt|nix|persist|root|run|srv|var)\/[\w./@+-]+$/u;
/** Another shell takes these quotes off once more. */
const QUOTED_FOR_A_SHELL = /\b(?:eval|(?:ba|da)?sh\s+-\w*c)\s/u;

export interface ValuePlace {
  readonly line: ScriptLine;
  /** Where the value begins. */
  readonly index: number;
  readonly name: string;
  readonly encoded: boolean;
  /** What ends it, beside the end of its quotes. */
  readonly ends: RegExp;
}

/** What a value of a script is, by how it is written and quoted; the text is masked already. */
export const passedValue = (place: ValuePlace, assignments: Assignments): PassedValue => {
  const { line, index, name, encoded } = place;
  const rest = line.text.slice(index);
  const masked = PLACEHOLDER.exec(rest)?.groups?.["bytes"];
  const base = { name, encoded, unset: [] };
  if (masked !== undefined) return { ...base, form: "literal", bytes: Number(masked) };
  const written = writtenValue(place);
  if (written === "") return { ...base, form: "empty", bytes: 0 };
  if (/^%[sbq]$/u.test(written)) return { ...base, form: "expanded" };
  if (!/[$`]/u.test(written))
    return {
      ...base,
      form: "literal",
      bytes: Buffer.byteLength(written),
      ...(PATH.test(written) ? { path: hostPath(written) } : {}),
    };
  const isQuoted = quotingAt(line.text, index) === "single" || /^\\[$`]/u.test(written);
  if (isQuoted && !QUOTED_FOR_A_SHELL.test(line.text))
    return {
      ...base,
      form: "unexpanded",
      bytes: Buffer.byteLength(written.replaceAll(/\\(?=[$`])/gu, "")),
    };
  return { ...base, ...expansionOf(written, assignments) };
};

/** The value as it is written, up to the end of its quotes, list or word; substitutions are kept whole. */
const writtenValue = ({ line, index, ends }: ValuePlace): string => {
  const { text } = line;
  const quote = quotingAt(text, index);
  for (let at = index; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (character === "$" && text[at + 1] === "(") {
      at = endOfSubstitution(text, at) - 1;
      continue;
    }
    const closes = quote === "single" ? "'" : quote === "double" ? '"' : "";
    if (character === closes || ends.test(character)) return text.slice(index, at);
    if (quote === "none" && /[\s;"']/u.test(character)) return text.slice(index, at);
    if (character === "\\" && quote !== "single") at += 1;
  }
  return text.slice(index);
};

/** Made of variables alone: where the only one is fixed, so is the value; where one is set by nobody, it is named. */
const expansionOf = (
  written: string,
  { names, literals, isOpen }: Assignments,
): Pick<PassedValue, "form" | "bytes" | "unset"> => {
  const variables = [...written.matchAll(VARIABLE)].flatMap(({ groups }) => groups?.["name"] ?? []);
  const [only] = variables;
  const fixed = only === undefined ? undefined : literals.get(only);
  if (fixed !== undefined && /^\$\{?\w+\}?$/u.test(written))
    return { form: "literal", bytes: fixed, unset: [] };
  const unset =
    isOpen || /\$\(|`/u.test(written)
      ? []
      : variables.filter((name) => !names.has(name) && !GIVEN.has(name));
  return { form: "expanded", unset: [...new Set(unset)] };
};

/** Where a line expands a variable that nothing in the script sets; nothing can be said where it reads another script. */
export const unsetIn = (
  text: string,
  { names, isOpen }: Assignments,
): readonly { readonly name: string; readonly index: number }[] =>
  isOpen
    ? []
    : [...text.matchAll(VARIABLE)].flatMap(({ groups, index }) => {
        const name = groups?.["name"];
        return name === undefined ||
          names.has(name) ||
          GIVEN.has(name) ||
          quotingAt(text, index) === "single"
          ? []
          : [{ name, index }];
      });

/** What systemd or the shell itself sets (systemd.exec(5), bash(1)). */
const GIVEN = new Set([
  "CREDENTIALS_DIRECTORY",
  "HOME",
  "HOSTNAME",
  "INVOCATION_ID",
  "LOGNAME",
  "MAINPID",
  "NOTIFY_SOCKET",
  "PATH",
  "PWD",
  "RUNTIME_DIRECTORY",
  "SHELL",
  "STATE_DIRECTORY",
  "USER",
  "XDG_RUNTIME_DIR",
]);
