import { CONTROL_ESCAPES } from "../host/control-escapes.ts";
import type { HostPath, UnitName } from "../vocabulary.ts";

/** One assignment of a unit file. */
export interface UnitSetting {
  readonly section: string;
  readonly key: string;
  /** With continuation lines joined, not unquoted; masked where it may hold a secret. */
  readonly value: string;
  readonly path: HostPath;
  /** 1-based line of the key. */
  readonly line: number;
}

/**
 * Takes the text of a unit file or drop-in; gives its assignments in order, by systemd.syntax(7). Lines that are no
 * assignment of a section are left out. Values that may be secrets are masked here and never leave the parser.
 */
export const parseUnitFile = (path: HostPath, text: string): readonly UnitSetting[] => {
  const settings: UnitSetting[] = [];
  let section: string | undefined;
  for (const { line, number } of logicalLines(text)) {
    if (line.startsWith("[")) section = sectionName(line);
    const assignment = ASSIGNMENT.exec(line)?.groups;
    if (section === undefined || assignment === undefined) continue;
    const { key = "", value = "" } = assignment;
    settings.push(withoutSecretValue({ section, key, value, path, line: number }));
  }
  return settings;
};

/**
 * Takes a unit's files in the order in which systemd reads them, drop-ins last; gives the assignments of a list setting
 * that are in force: an empty one resets what stands before it.
 */
export const effectiveSettings = (
  files: readonly (readonly UnitSetting[])[],
  section: string,
  key: string,
): readonly UnitSetting[] => {
  const all = files.flat().filter((setting) => setting.section === section && setting.key === key);
  return all.slice(all.findLastIndex(({ value }) => value === "") + 1);
};

/** As `effectiveSettings`, for a setting of which the last one counts; `undefined` where it is absent or reset. */
export const effectiveSetting = (
  files: readonly (readonly UnitSetting[])[],
  section: string,
  key: string,
): UnitSetting | undefined => effectiveSettings(files, section, key).at(-1);

/**
 * Takes a value and the unit of the system manager that it stands for; gives it with `%n %N %p %i %I %%` and the directories
 * `%C %d %E %L %S %t` resolved by systemd.unit(5), "Specifiers". All others stay, since they depend on the host.
 */
export const expandSpecifiers = (value: string, unit: UnitName): string => {
  const parts = /^(?<name>(?<prefix>.*?)(?:@(?<instance>.*))?)\.[^.]*$/su.exec(unit)?.groups;
  const { name = unit, prefix = unit, instance = "" } = parts ?? {};
  const specifiers: Readonly<Record<string, string>> = {
    "%n": unit,
    "%N": name,
    "%p": prefix,
    "%i": instance,
    "%I": unescapeName(instance),
    "%C": "/var/cache",
    "%d": `/run/credentials/${unit}`,
    "%E": "/etc",
    "%L": "/var/log",
    "%S": "/var/lib",
    "%t": "/run",
    "%%": "%",
  };
  return value.replace(/%./gsu, (specifier) => specifiers[specifier] ?? specifier);
};

/**
 * Takes a value; gives its words by systemd.syntax(7), "Quoting": quotes removed, C escapes resolved. An escape that
 * systemd does not know stays as it is; a quote that is not closed reaches to the end.
 */
export const splitWords = (value: string): readonly string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (const token of value.match(TOKEN) ?? []) {
    if (token === quote) {
      quote = "";
    } else if (quote === "" && QUOTE.test(token)) {
      quote = token;
      word ??= "";
    } else if (quote === "" && SPACE.test(token)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + unescapeToken(token);
    }
  }
  return word === undefined ? words : [...words, word];
};

export interface CredentialSetting {
  /** The name of the credential's file in `$CREDENTIALS_DIRECTORY`. */
  readonly id: string;
  /** A path, or the name of a credential of the service manager; absent where that is `id` itself. */
  readonly source?: string;
}

/** Takes the value of `LoadCredential=` or `LoadCredentialEncrypted=`: `ID[:PATH]` of systemd.exec(5). */
export const parseCredentialSetting = (value: string): CredentialSetting => {
  const [id = "", ...rest] = value.split(":");
  const source = rest.join(":");
  return source === "" ? { id } : { id, source };
};

/**
 * Takes a setting; gives it with the data of `SetCredential=`, `SetCredentialEncrypted=`, `Environment=` and
 * `StandardInputText=`/`StandardInputData=` replaced by `<masked, N bytes>`, N being their size without escapes or base64. Names stay, and so
 * does an empty assignment. What is masked already stays as it is.
 *
 * @internal
 */
export const withoutSecretValue = (setting: UnitSetting): UnitSetting => {
  const mask = MASKS.find(({ keys }) => keys.test(setting.key))?.mask;
  return mask === undefined || setting.value === ""
    ? setting
    : { ...setting, value: mask(setting.value) };
};

// Not any text before a "=": a stray line of a pasted key must not pass as the name of a setting.
const ASSIGNMENT = /^(?<key>[A-Za-z][A-Za-z0-9-]{0,62})[ \t]*=[ \t]*(?<value>.*)$/su;

// systemd reads nothing behind a broken header, so it must not count for the section before.
const sectionName = (line: string): string | undefined => /^\[(.*)\]$/su.exec(line)?.[1];

interface LogicalLine {
  readonly line: string;
  readonly number: number;
}

const logicalLines = (text: string): readonly LogicalLine[] => {
  const lines: LogicalLine[] = [];
  let parts: string[] = [];
  let number = 1;
  const finish = (): void => {
    lines.push({ line: withoutBlanks(parts.join(" ")), number });
    parts = [];
  };
  const physicalLines = text.replace(/^\uFEFF/u, "").split(/\r\n|[\n\r]/u);
  for (const [index, line] of physicalLines.entries()) {
    if (/^[ \t]*[#;]/u.test(line)) continue;
    if (parts.length === 0) number = index + 1;
    const isContinued = trailingBackslashes(line) % 2 === 1;
    parts.push(isContinued ? line.slice(0, -1) : line);
    if (!isContinued) finish();
  }
  if (parts.length > 0) finish();
  return lines;
};

/** A pattern for the blanks at the end would try each run of blanks anew from each of its characters. */
const withoutBlanks = (line: string): string => {
  let end = line.length;
  while (line[end - 1] === " " || line[end - 1] === "\t") end -= 1;
  return line.slice(0, end).replace(/^[ \t]+/u, "");
};

const trailingBackslashes = (line: string): number => {
  let start = line.length;
  while (line[start - 1] === "\\") start -= 1;
  return line.length - start;
};

const unescapeName = (name: string): string =>
  name.replace(/-|(?:\\x[0-9A-Fa-f]{2})+/gu, (part) => (part === "-" ? "/" : decodeBytes(part)));

// Bytes are taken in runs, since several of them may make one character.
const TOKEN =
  /(?:\\x[0-9A-Fa-f]{2}|\\[0-3][0-7]{2})+|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.?|["']|[ \t\n\r]+|[^\\"' \t\n\r]+/gsu;
const BYTES = /^\\(?:x[0-9A-Fa-f]{2}|[0-3][0-7]{2})/u;
const CODE_POINT = /^\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})$/u;
const QUOTE = /^["']$/u;
const SPACE = /^[ \t\n\r]/u;
const ESCAPES = new Map(
  Object.entries({
    ...CONTROL_ESCAPES,
    s: " ",
    "\\": "\\",
    '"': '"',
    "'": "'",
  }),
);

const unescapeToken = (token: string): string => {
  if (!token.startsWith("\\")) return token;
  if (BYTES.test(token)) return /\\(?:x00|000)/u.test(token) ? token : decodeBytes(token);
  if (!CODE_POINT.test(token)) return ESCAPES.get(token.slice(1)) ?? token;
  const point = Number.parseInt(token.slice(2), 16);
  const isCharacter = point > 0 && point <= 0x10_ff_ff && (point < 0xd8_00 || point > 0xdf_ff);
  return isCharacter ? String.fromCodePoint(point) : token;
};

/** Takes a run of `\xNN` and `\NNN`. */
const decodeBytes = (run: string): string => {
  const codes = run.match(/x?[^\\]+/gu) ?? [];
  const bytes = codes.map((code) =>
    code.startsWith("x") ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8),
  );
  return new TextDecoder().decode(Uint8Array.from(bytes));
};

const masked = (bytes: number): string => `<masked, ${bytes} bytes>`;

/** Masks what stands behind the separator; all of it where the name is missing, since it may be the secret then. */
const maskBehind = (text: string, named: RegExp, size: (data: string) => number): string => {
  const { name = "", data = text } = named.exec(text)?.groups ?? {};
  return name + (/^<masked, \d+ bytes>$/u.test(data) ? data : masked(size(data)));
};

const utf8Size = (text: string): number => new TextEncoder().encode(text).length;

const unescapedSize = (text: string): number =>
  (text.match(TOKEN) ?? [])
    .map((token) => (BYTES.test(token) ? token.length / 4 : utf8Size(unescapeToken(token))))
    .reduce((sum, size) => sum + size, 0);

const base64Size = (text: string): number =>
  Math.floor((text.replace(/[\s=]/gu, "").length * 3) / 4);

const CREDENTIAL = /^(?<name>[^:/]+:)(?<data>.*)$/su;
const VARIABLE = /^(?<name>[A-Za-z_][A-Za-z0-9_]*=)(?<data>.*)$/su;
const UNNAMED = /^(?<data>.*)$/su;

const maskWord = (word: string): string => `"${maskBehind(word, VARIABLE, utf8Size)}"`;

interface Mask {
  readonly keys: RegExp;
  readonly mask: (value: string) => string;
}

// Misspelled and wrongly cased keys too: systemd ignores those, but the secret is there.
const MASKS: readonly Mask[] = [
  { keys: /setcredentialencrypted/iu, mask: (value) => maskBehind(value, CREDENTIAL, base64Size) },
  { keys: /setcredential/iu, mask: (value) => maskBehind(value, CREDENTIAL, unescapedSize) },
  { keys: /^(?!pass).*environment$/iu, mask: (value) => splitWords(value).map(maskWord).join(" ") },
  { keys: /standardinputtext/iu, mask: (value) => maskBehind(value, UNNAMED, unescapedSize) },
  { keys: /standardinputdata/iu, mask: (value) => maskBehind(value, UNNAMED, base64Size) },
];
