import { beginsWithExpansion, maskCredentialStrings, type TextKind } from "./credential-strings.ts";

/**
 * Masks what looks like the value of a secret in text that other programs wrote: a line of a program, or a file such as a script.
 * Applied where text enters (journal lines, store scripts), so that nothing behind it ever holds a value.
 * Idempotent: a masked text stays as it is.
 */
export const mask = (text: string, kind: TextKind = "line"): string => {
  if (!SUSPICIOUS.test(text)) return text;
  return PATTERNS[kind].reduce(
    (masked, pattern) =>
      masked.replace(pattern, (whole: string, before: string, value: string) =>
        isHarmless(value, kind) ? whole : `${before}${withoutQuotes(value)}`,
      ),
    maskCredentialStrings(text, kind, placeholder),
  );
};

/** `<masked, 44 bytes>`: the length stays, since an empty or a cut value is a finding of its own. */
export const placeholder = (value: string): string => `<masked, ${Buffer.byteLength(value)} bytes>`;

/** Quotes around a value are no part of it. */
const withoutQuotes = (value: string): string => {
  const quoted = /^(?<quote>["'])(?<inner>.+)\k<quote>$/su.exec(value)?.groups;
  const { quote = "", inner = value } = quoted ?? {};
  return `${quote}${placeholder(inner)}${quote}`;
};

/** Cheap test for the many lines that hold nothing of the kind. */
const SUSPICIOUS =
  /credential|key|token|secret|passw|passphrase|eyJ|PRIVATE|gh[pousr]_|github_pat_|glpat|xox[abprs]-|sk-|AKIA|hvs\.|npm_|(?:unexpected|unrecognized|found) argument|Could not open '|:\/\/[^\s/@]*@/iu;

const SECRET_NAME = String.raw`(?:[\w.-]*(?:secret|token|passw(?:or)?d|passphrase|credential)[\w-]*|(?:[\w.-]*[_.-])?(?:api)?key)`;
/** The names of OEM strings are looked at by themselves. */
const NOT_IN_A_LIST = String.raw`(?<!io\.systemd\.credential(?:\.binary)?:[^=\s]*)`;
const QUOTED = String.raw`"(?:[^"\\\n]|\\.)*(?:"|$)|'[^'\n]*(?:'|$)`;

/** What ends a value without quotes: in a script whatever ends a word of the shell, in a line a space. */
const valueIn = (kind: TextKind): string =>
  kind === "file"
    ? String.raw`(?:${QUOTED}|[^\s"',;\]})]+)`
    : String.raw`(?:(?:${QUOTED})\S*|[^\s"']\S*)`;

/** Each captures what stands in front and the value. */
const patternsFor = (kind: TextKind): readonly RegExp[] => [
  // QEMU's fw_cfg string form; a comma is doubled there, and what QEMU itself says of the option stands behind the value
  kind === "file"
    ? /(opt\/io\.systemd\.credentials\/[^,\s'"]+,string=)((?!["']?<masked)(?:,,|[^,'"\s])+)/gu
    : /(opt\/io\.systemd\.credentials\/[^,\s'"]+,string=)((?!["']?<masked)[^\n]+?)(?=["'\])}]*(?:: (?:name too long \(max\. \d+ char\)|duplicate fw_cfg file name\S*|Invalid parameter ['"\u2018\u201C][^\n]*))?\s*$)/gmu,
  // QEMU names what stands behind a comma of the value
  /(opt\/io\.systemd\.credentials\/[^\n]*: Invalid parameter ['"\u2018\u201C])((?!<masked)[^\n'"\u2019\u201D]+)/gu,
  // kernel command line
  kind === "file"
    ? /(systemd\.set_credential(?:_binary)?=[\w.@-]+:)((?!["']?<masked)[^\s'"]+)/gu
    : /(systemd\.set_credential(?:_binary)?=[\w.@-]+:)((?!["']?<masked)\S+)/gu,
  /(systemd\.set_credential(?:_binary)?="[\w.@-]+:|"systemd\.set_credential(?:_binary)?=[\w.@-]+:)((?!["']?<masked)[^"\n]+)/gu,
  // systemd.exec(5), SetCredential=: the name of the credential stays
  /(\bSetCredential(?:Encrypted)?=[\w.-]+:)((?!["']?<masked)[^\n]+)/gu,
  // assignments in shell, environment files and units; the quotes may stand around the name too
  new RegExp(String.raw`("${SECRET_NAME}=)((?!["']?<masked)(?:[^"\\\n]|\\.)+)(?=")`, "giu"),
  new RegExp(String.raw`('${SECRET_NAME}=)((?!["']?<masked)[^'\n]+)(?=')`, "giu"),
  new RegExp(
    String.raw`${NOT_IN_A_LIST}(\b(?!(?:Load|Import|Set)Credential)${SECRET_NAME}(?<!set_credential(?:_binary)?)=)((?!["']?<masked|[\])},;"'\\]+(?:\s|$))${valueIn(kind)})`,
    "gimu",
  ),
  // members of JSON and YAML with quotes, and of JSON inside of JSON
  new RegExp(String.raw`("${SECRET_NAME}"\s?:\s?")((?!["']?<masked)(?:[^"\\\n]|\\.)+)`, "giu"),
  new RegExp(
    String.raw`(\\"${SECRET_NAME}\\"\s?:\s?\\")((?!["']?<masked)(?:[^"\\\n]|\\[^"])+)`,
    "giu",
  ),
  new RegExp(String.raw`('${SECRET_NAME}'\s?:\s?')((?!["']?<masked)[^'\n]+)`, "giu"),
  // options with a separate value
  new RegExp(String.raw`(--${SECRET_NAME}\s+)((?!["']?<masked)(?:${QUOTED}|[^\s"'-]\S*))`, "gimu"),
  // a word that clap did not expect may be the rest of a value with a space in it
  /(unexpected argument ["'])((?!["']?<masked)[^\s"'-][^\n]*?)(?=["'] found)/gu,
  // and so may a word that argh or an older clap did not expect, and one that QEMU takes for a disk, where it is no option's name
  /(\b[Ff]ound argument ["'])((?!["']?<masked|[a-z][a-z-]*["'])[^\s"'-][^\n]*?)(?=["'] which)/gu,
  /(\b[Uu]nrecognized argument: )((?!["']?<masked|[a-z][a-z-]*\s*$)[^\s"'-]\S*)(?=\s*$)/gmu,
  /(^\S+: )((?!<masked)[^\s:'"\\/-][^\s:'"\\/]*)(?=: Could not open '\2')/gmu,
  /(<masked, \d+ bytes>: Could not open ')((?!<masked)[^'\n]+)(?=')/gu,
  // user and password in front of a host's name
  /(:\/\/)((?!["']?<masked)[^\s/@:"']*:[^\s/@"']+(?=@))/gu,
  /(-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----)((?!["']?<masked)[\s\S]+?(?=-----END|$))/gu,
  /()(\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/gu,
  /()(\bAGE-SECRET-KEY-1[0-9A-Z]+|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{20,}|\bAKIA[0-9A-Z]{16}\b|\bhvs\.[\w-]{20,}|\bnpm_\w{30,})/gu,
];

const PATTERNS: Readonly<Record<TextKind, readonly RegExp[]>> = {
  file: patternsFor("file"),
  line: patternsFor("line"),
};

/** A path, an expansion, a size or a switch says where a value is, how long, or whether there is one, not what it is. */
const isHarmless = (value: string, kind: TextKind): boolean => {
  const inner = value.replace(/^["']/u, "").replace(/["']$/u, "");
  return (
    inner === "" ||
    beginsWithExpansion(inner, kind) ||
    isPath(inner) ||
    /^(?:[*x\u2022]{3,}|[[<(]?(?:redacted|hidden|masked|removed|filtered|sanitized|omitted)[\])>]?)[.,;]?$/iu.test(
      inner,
    ) ||
    /^(?:\(["'$)]?|\((?:null|none)\).*|\d{1,5}|yes|no|true|false|on|off|null|none)$/u.test(inner)
  );
};

/** A place by the roots of a file system or by names as people give them; base64 may begin with a slash too. */
const isPath = (value: string): boolean =>
  /^(?:file:\/{0,2})?\/(?:(?:nix|run|etc|var|home|root|srv|tmp|dev|proc|sys|usr|opt|mnt|persist|boot)\/[^\s,]*|[a-z0-9._-]+(?:\/[a-z0-9._@$*{}-]*)*)[,;:.)\]}]*$/u.test(
    value,
  ) || /^https?:\/\/[^\s@/]*\/?$/u.test(value);
