import type { TextKind } from "./credential-strings.ts";
import { isHarmless } from "./harmless-values.ts";
import { maskWords } from "./operator-commands.ts";
import { hidden } from "./placeholder.ts";

/**
 * Masks the values of environment assignments whatever their names, in the forms of the shell, of env(1), and of `Environment=` of
 * systemd.exec(5). What stays is what rules read: paths, expansions, small numbers, switches, and names that hold no secret.
 */
export const maskAssignments = (text: string, kind: TextKind): string => {
  const places = componentsOfPaths(text, kind);
  const inWords = (words: string, patterns: readonly RegExp[]): string =>
    patterns.reduce(
      (masked, pattern) =>
        masked.replace(pattern, (whole: string, name: string, value: string) =>
          mayStay(name.replace(/\+?=$/u, ""), value, kind, places)
            ? whole
            : `${name}${hidden(value)}`,
        ),
      words,
    );
  const { anyName, upperCase, local } = WORDS[kind];
  const inRegions = REGIONS.reduce(
    (masked, region) => masked.replace(region, (words) => inWords(words, anyName)),
    inWords(text, upperCase),
  );
  if (kind === "line" || !text.startsWith("#!")) return inRegions;
  return inWords(inRegions, local).replace(
    LIST,
    (_, name: string, words: string) =>
      `${name}(${maskWords(words, (word) => EXPANDS.test(word))})`,
  );
};

const mayStay = (
  name: string,
  value: string,
  kind: TextKind,
  places: ReadonlySet<string>,
): boolean =>
  KNOWN_NAMES.test(name) ||
  isHarmless(value, kind) ||
  SMALL.test(value) ||
  ARGUMENT.test(value) ||
  (kind === "file" && (EXPANDS.test(value) || (places.has(name) && COMPONENT.test(value))));

/** environ(7), systemd.exec(5) "ENVIRONMENT VARIABLES", what sudo(8) logs, os-release(5), and names of audit records. */
const KNOWN_NAMES =
  /^(?:TTY|PWD|OLDPWD|USER|LOGNAME|GROUP|COMMAND|TSID|HOME|SHELL|SHLVL|PATH|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|TZ|TZDIR|TMPDIR|HOSTNAME|DISPLAY|LOCALE_ARCHIVE|NIX_PATH|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|MAINPID|MANAGERPID|SYSTEMD_[A-Z_]+|LISTEN_[A-Z]+|WATCHDOG_[A-Z]+|XDG_[A-Z_]+|(?:RUNTIME|STATE|CACHE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY|(?:EXIT|SERVICE)_(?:CODE|STATUS|RESULT)|RUST_(?:LOG|BACKTRACE)|NAME|PRETTY_NAME|ID|ID_LIKE|VARIANT|VARIANT_ID|BUILD_ID|VERSION|VERSION_[A-Z]+|[AEFS]?[UG]ID|OUID|OGID)$/u;

const SMALL = /^["']?\d{1,5}(?:\.\d{1,5})?(?:[smhdKMGT%]|ms|us|min)?["']?$/u;
/** What has names of its own inside, and is looked at by itself. */
const ARGUMENT =
  /^["']?(?:oem_strings=\[)?(?:io\.systemd\.credential|opt\/io\.systemd\.credentials\/|systemd\.set_credential)/u;
const EXPANDS = /\$[A-Za-z_({]|`/u;
const COMPONENT = /^["']?[\w.@+-]{1,64}["']?$/u;

/** Variables of a script that are a component of a path there: their values are names of places. */
const componentsOfPaths = (text: string, kind: TextKind): ReadonlySet<string> =>
  kind === "file"
    ? new Set(
        [...text.matchAll(/\/[\w.@-]*\$\{?(?<name>[A-Za-z_]\w*)/gu)].map(
          ({ groups }) => groups?.["name"] ?? "",
        ),
      )
    : new Set();

/** bash(1), "Arrays". */
const LIST = /(?=[A-Za-z_])(?<=^[ \t]*|[;&|({][ \t]*)([A-Za-z_]\w*\+?=)\(([^()]*)\)/gmu;

const UPPER_CASE = String.raw`[A-Z_][A-Z0-9_]*\+?=`;
const ANY_CASE = String.raw`[A-Za-z_][\w.]*\+?=`;
const BEFORE = String.raw`(?<=^|[\s"'\x60;(&|,[{=]|(?<!\bio\.systemd\.credential(?:\.binary)?):|\x1B\[[\d;]*[A-Za-z])`;
/** A comparison is no assignment, and what is masked stays as it is. */
const NOT_YET = String.raw`(?!=|["']?<masked)`;

const valueIn: Readonly<Record<TextKind, string>> = {
  // The shell's quotes go on over the ends of lines.
  file: String.raw`(?:"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?|[^\s"'(,;)\]}\x60&|][^\s"',;)\]}\x60&|]*)`,
  line: String.raw`(?:(?:"(?:[^"\\\n]|\\.)*(?:"|$)|'[^'\n]*(?:'|$))\S*|[^\s"'](?:<masked, \d+ bytes>|\S)*)`,
};

const wordPatterns = (name: string, kind: TextKind): readonly RegExp[] => [
  new RegExp(String.raw`(?<=")(${name})(${NOT_YET}(?:[^"\\\n]|\\.)+)`, "gu"),
  new RegExp(String.raw`(?<=')(${name})(${NOT_YET}[^'\n]+)`, "gu"),
  new RegExp(String.raw`${BEFORE}(${name})(${NOT_YET}${valueIn[kind]})`, "gmu"),
];

const patternsIn = (kind: TextKind) => ({
  upperCase: wordPatterns(UPPER_CASE, kind),
  anyName: wordPatterns(ANY_CASE, kind),
  /** What begins a command of a script. */
  local: [
    new RegExp(
      String.raw`(?=[A-Za-z_])(?<=^[ \t]*|[;&|({][ \t]*)([A-Za-z_]\w*\+?=)(${NOT_YET}${valueIn[kind]})`,
      "gmu",
    ),
  ],
});

const WORDS: Readonly<Record<TextKind, ReturnType<typeof patternsIn>>> = {
  file: patternsIn("file"),
  line: patternsIn("line"),
};

/** Where every `NAME=value` is an assignment, whatever the case of its name. */
const REGIONS: readonly RegExp[] = [
  // A setting of a unit goes on behind a backslash at the end of its line.
  /(?<=^[ \t]*[A-Za-z]*Environment=)(?:[^\n\\]|\\[\s\S])+/gmu,
  /(?=\s)(?<=(?:^|[\s;&|("'/])(?:export|declare|typeset|local|readonly|setenv|env)(?:\s{1,16}-[\w-]{1,64}){0,16})(?:\s+(?:[A-Za-z_]\w*=)?(?:"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s"';&|])*(?==|[\s;&|)"']|$))+/gmu,
];
