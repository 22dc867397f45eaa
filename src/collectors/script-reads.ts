import type { DirectRead, Runner } from "../evidence/runner.ts";
import { hostPath } from "../vocabulary.ts";
import { endOfSubstitution, quotingAt, wordsOf, type ScriptLine } from "./script-text.ts";

/** What the shell does when something of a script fails. */
export interface ShellSettings {
  /** `set -e` */
  readonly aborts: boolean;
  /** `set -o pipefail` */
  readonly pipesFail: boolean;
  /** `set -u` */
  readonly stopsAtUnset: boolean;
}

export const shellSettings = (script: string, lines: readonly ScriptLine[]): ShellSettings => {
  const set = lines.flatMap(
    ({ text }) => /^\s*set\s+(?<options>-.*)$/u.exec(text)?.groups?.["options"] ?? [],
  );
  const shebang = /^#!\S+\s+(?<options>-.*)/u.exec(script)?.groups?.["options"];
  const options = [...set, ...(shebang === undefined ? [] : [shebang])];
  const has = (letter: string, name: string): boolean =>
    options.some((one) => new RegExp(String.raw`(?:^|\s)-\w*${letter}|\b${name}\b`, "u").test(one));
  return {
    aborts: has("e", "errexit"),
    stopsAtUnset: has("u", "nounset"),
    pipesFail: options.some((one) => /\bpipefail\b/u.test(one)),
  };
};

/** A program that copies a file's bytes, or the shell itself, with an absolute path that is no program's, device's or store's. */
const READ =
  /(?:\b(?:cat|head|tail|base64|tr|sed|jq|xxd|od|dd|source|read)\b[^|;&<>()]{0,1000}?|<\s*|\$\(<\s*|if=)["']?(?<path>\/(?!nix\/store|proc\/|sys\/|dev\/|run\/credentials\/)[\w./@+-]+)/gu;

/** No command line of a runner reads more files; each is looked for in the whole line. */
const MOST_READS = 20;

export const directReads = (line: ScriptLine, settings: ShellSettings): readonly DirectRead[] =>
  [...line.text.matchAll(READ)]
    .slice(0, MOST_READS)
    .flatMap(({ groups, index, 0: whole }): DirectRead[] => {
      const path = groups?.["path"];
      if (path === undefined) return [];
      if (!SECRET_PLACE.test(path) && !isForSecret(line.text, index)) return [];
      const at = index + whole.length - path.length;
      // The end of `$NAME/path` is no path of its own, and what the shell leaves alone is not read.
      if (/[\w}]/u.test(line.text[at - 1] ?? "") || isLeftAlone(line.text, index)) return [];
      return [
        {
          path: hostPath(path),
          errorSwallowed: swallowsErrors(line.text, at, settings),
          ...(isArgument(line.text, at) ? { asArgument: true } : {}),
          ...(FILTERS.test(line.text) ? { filtered: true } : {}),
          ref: line.refAt(index),
        },
      ];
    });

/** A substitution between single quotes: its characters are the value. */
const isLeftAlone = (text: string, index: number): boolean => {
  const open = text.lastIndexOf("$(", index + 2);
  return open >= 0 && quotingAt(text, open) === "single" && quotingAt(text, index) === "single";
};
/** Programs that give less than they read, or something else. */
const FILTERS =
  /\b(?:jq|yq|sed|awk|cut|head|tail|grep|openssl|gpg|age|sops|xxd|od)\b|\btr\s+(?!-d)/u;

/** Where secrets lie on a NixOS host, or a name that says so. */
const SECRET_PLACE =
  /^\/(?:run\/(?:secrets|agenix|user-secrets|partitioning-secrets|keys|vault)|etc\/(?:secret|credstore)|var\/lib\/(?:sops-nix|secrets|private)|persist|root|home|srv)|secret|passw|token|credential|\bkey|api[-_]?key/iu;

/** What goes into a variable of such a name is a secret, wherever it lies. */
const SECRET_VARIABLE =
  /^\s*(?:(?:export|local|declare|readonly)\s+)?\w*(?:key|token|secret|password|passwd|passphrase|psk|jwt|credentials?)(?:_?(?:value|raw|b64|base64))?=/iu;

const isForSecret = (text: string, index: number): boolean => {
  const assigned = SECRET_VARIABLE.exec(text)?.[0].length;
  if (assigned === undefined || assigned > index) return false;
  const end = text.indexOf(";", assigned);
  return end < 0 || end >= index;
};

/**
 * bash ends on a failed `X=$(cat f)` under `set -e`: the status of an assignment is that of its last substitution. Not on
 * `export X=$(cat f)`, not where `||` or `if` takes it, not in the words of another command, not in a pipe without pipefail
 * (bash(1), "set", "SIMPLE COMMAND EXPANSION").
 */
const swallowsErrors = (
  text: string,
  at: number,
  { aborts, pipesFail }: ShellSettings,
): boolean => {
  if (!aborts || /\|\||^\s*(?:if|while|until|!)\s/u.test(text)) return true;
  const open = text.lastIndexOf("$(", at);
  const isInside = open >= 0 && endOfSubstitution(text, open) > at;
  const ownPipe = isInside ? text.slice(open, endOfSubstitution(text, open)) : text;
  if (!pipesFail && /\|/u.test(ownPipe.slice(Math.max(0, at - Math.max(open, 0))))) return true;
  if (!isInside) return /`/u.test(text) && !/^\s*\w+=["']?`/u.test(text);
  if (!/^\s*\w+=/u.test(text)) return true;
  return text.includes("$(", endOfSubstitution(text, open)) || wordsOf(text).length > 1;
};

/** Words that the shell itself executes: their arguments are no process's. */
const BUILTINS =
  /^(?:\.|:|!|\[\[?|alias|case|cd|declare|do|done|echo|elif|else|esac|eval|exit|export|false|fi|for|if|let|local|mapfile|printf|pwd|read|readarray|readonly|return|set|shift|source|test|then|trap|true|typeset|umask|unset|until|wait|while|\w+\(\))$/u;
/** Keywords and builtins in front of the command that they run. */
const IN_FRONT = /^(?:!|builtin|command|do|elif|else|exec|if|then|time|until|while|\{|\()$/u;
const SEPARATOR = /^(?:;|&&?|\|\|?|\{|\}|\(|\))$|;$/u;

/** No script nests substitutions any deeper. */
const DEEPEST = 4;

/** Whether what a substitution around this place gives becomes an argument of another program. */
const isArgument = (text: string, at: number, depth = 0): boolean => {
  if (depth > DEEPEST) return false;
  const words = wordsOf(text);
  const own = words.findIndex(({ text: word, index }) => index <= at && at < index + word.length);
  const word = words[own];
  if (word === undefined) return false;
  const open = openAround(text, word.index, at);
  if (open === undefined) return false;
  const inner = text.slice(open + 2, endOfSubstitution(text, open) - 1);
  if (isArgument(inner, at - open - 2, depth + 1)) return true;
  const command = words.slice(0, own).findLastIndex(({ text: one }) => SEPARATOR.test(one)) + 1;
  const [first, ...rest] = words
    .slice(command, own)
    .map(({ text: one }) => one)
    .filter((one) => !IN_FRONT.test(one) && !/^\w+\+?=/u.test(one));
  // `exec -a NAME PROGRAM`
  const program = first === "-a" ? rest[1] : first;
  return program !== undefined && !BUILTINS.test(program);
};

/** The outermost `$(` of a word around a place. */
const openAround = (text: string, from: number, at: number): number | undefined => {
  for (
    let open = text.indexOf("$(", from);
    open >= 0 && open < at;
    open = text.indexOf("$(", open)
  ) {
    const end = endOfSubstitution(text, open);
    if (end > at) return quotingAt(text, open) === "single" ? undefined : open;
    open = end;
  }
  return undefined;
};

const USE = /\$\{?CREDENTIALS_DIRECTORY\b|\/run\/credentials\/microvm@/gu;
const CREDENTIAL_ID = /\$\{?CREDENTIALS_DIRECTORY(?::?[-?][^}]*)?\}?["']?\/(?<id>[\w.@-]+)/gu;
const CREDENTIAL_PATH = /\/run\/credentials\/microvm@[^/\s]+\.service\/(?<id>[\w.@-]+)/gu;

/** Where the script uses $CREDENTIALS_DIRECTORY; in single quotes it is no more than a word. */
export const credentialsDirectory = (
  lines: readonly ScriptLine[],
  settings: ShellSettings,
): Runner["credentialsDirectory"] => {
  const uses = lines.flatMap((line) =>
    [...line.text.matchAll(USE)]
      .slice(0, MOST_READS)
      .map(({ index }) => ({ line, index }))
      .filter(
        ({ index }) =>
          line.text[index] === "/" ||
          quotingAt(line.text, index) !== "single" ||
          /\b(?:eval|(?:ba|da)?sh\s+-\w*c)\s/u.test(line.text),
      ),
  );
  const [first] = uses;
  if (first === undefined) return undefined;
  const ids = [...new Set(uses.map(({ line }) => line))].flatMap(({ text }) =>
    [...text.matchAll(CREDENTIAL_ID), ...text.matchAll(CREDENTIAL_PATH)].flatMap(
      ({ groups }) => groups?.["id"] ?? [],
    ),
  );
  const reading = uses.find(({ line }) => /\b(?:cat|base64|tr|head)\b|</u.test(line.text)) ?? first;
  const asArgument = uses
    .filter(({ line, index }) => isArgument(line.text, index))
    .map(({ line, index }) => line.refAt(index));
  return {
    ids: [...new Set(ids)],
    ref: reading.line.refAt(reading.index),
    errorSwallowed: swallowsErrors(reading.line.text, reading.index, settings),
    ...(asArgument.length === 0 ? {} : { asArgument }),
    ...(uses.some(({ line }) => FILTERS.test(line.text)) ? { filtered: true } : {}),
  };
};
