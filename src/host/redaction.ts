import { maskAssignments } from "./assignments.ts";
import { maskCredentialStrings, type TextKind } from "./credential-strings.ts";
import { isHarmless } from "./harmless-values.ts";
import { maskCommands } from "./operator-commands.ts";
import { hidden, placeholder } from "./placeholder.ts";
import { maskSpokenValues } from "./spoken-values.ts";
import { TOKENS } from "./token-shapes.ts";

/**
 * Masks what looks like the value of a secret in text that other programs wrote: a line of a program, or a file such as a script.
 * Applied where text enters (journal lines, store scripts), so that nothing behind it ever holds a value.
 * Idempotent: a masked text stays as it is.
 */
export const mask = (text: string, kind: TextKind = "line"): string => {
  let masked = text;
  // What is masked may stand where quotes and lists of the text now end elsewhere.
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const next = maskedOnce(masked, kind);
    if (next === masked) break;
    masked = next;
  }
  return masked;
};

/** Texts as programs write them are done after one round, and the second shows it. */
const MOST_ROUNDS = 6;

const maskedOnce = (text: string, kind: TextKind): string => {
  if (!SUSPICIOUS.test(text)) return maskTokens(text);
  const named = PATTERNS[kind].reduce(
    (masked, pattern) => maskValues(masked, pattern, kind),
    maskTokens(maskCredentialStrings(text, kind, placeholder)),
  );
  const inLists = named.replace(OEM_LIST, (list) => maskValues(list, OTHER_STRING, kind));
  const assigned = maskAssignments(inLists, kind);
  return kind === "line" ? maskSpokenValues(maskCommands(assigned)) : assigned;
};

/** A pattern captures what stands in front and the value. */
const maskValues = (text: string, pattern: RegExp, kind: TextKind): string =>
  text.replace(pattern, (whole: string, before: string, value: string) =>
    isHarmless(value, kind) ? whole : `${before}${hidden(value)}`,
  );

/** Strings that a table of the firmware carries and systemd does not know. */
const OEM_LIST = /\boem_strings=\[[^\]\n]*/gu;
const OTHER_STRING = /(?<=[[,])((?!io\.systemd\.)[\w.-]+=)((?:(?!<masked)[^,\]\n"'])+)/gu;

/** Masks what is a token by its shape alone; for names of files and targets of links, which may hold any `=`. */
export const maskTokens = (text: string): string =>
  text.replace(TOKENS, (token) => placeholder(token));

/** Cheap test for the many lines that hold nothing of the kind. */
const SUSPICIOUS =
  /\w=|credential|key|token|secret|passw|passphrase|authorization|bearer|basic|cookie|\s(?:-u|--user|login)\s|PRIVATE|(?:unexpected|unrecognized|found) argument|Could not open '|:\/\/[^\s/@]*@/iu;

/** What the names of secrets end with, read backwards from the end of a name; a word of the language is followed by anything. */
const SECRET_NAME = String.raw`(?:(?:secret|token|passw(?:or)?d|passphrase|credential)[\w-]*|(?<![A-Za-z0-9])(?:api)?key|(?:private|preshared|access|account|encryption|signing|master|shared)[_-]?key|(?<!\w)(?:psk|pgpass|connection_?string))`;

/**
 * What stands behind the name of a secret, with a condition on what stands in front of the name. The name is looked for backwards from there,
 * once for each name: forwards a text of many words like it would be read anew from each of them.
 */
const behindSecretName = (delimiter: string, before = ""): string =>
  String.raw`${delimiter}(?<=${before}[\w.-]+${delimiter})(?<=${SECRET_NAME}${delimiter})`;

/** The names of OEM strings are looked at by themselves. */
const NOT_IN_A_LIST = String.raw`(?<!io\.systemd\.credential(?:\.binary)?:[^=\s]{0,256}=)`;
/** Of these settings of units the value is the name of a credential, and of the boot parameter too. */
const NOT_A_SETTING = String.raw`(?<!(?<![\w.-])[.-]*(?:Load|Import|Set)Credential[\w-]*=)(?<!set_credential(?:_binary)?=)`;
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
    ? /(opt\/io\.systemd\.credentials\/[^,\s'"]{1,256},string=)((?!["']?<masked)(?:,,|[^,'"\s])+)/gu
    : /(opt\/io\.systemd\.credentials\/[^,\s'"]{1,256},string=)((?!["']?<masked)[^\n]+?)(?=["'\])}]{0,16}(?:: (?:name too long \(max\. \d+ char\)|duplicate fw_cfg file name\S*|Invalid parameter ['"\u2018\u201C][^\n]*))?\s{0,16}$)/gmu,
  // QEMU names what stands behind a comma of the value
  /(: Invalid parameter ['"\u2018\u201C](?<=opt\/io\.systemd\.credentials\/[^\n]{0,16384}: Invalid parameter ['"\u2018\u201C]))((?!<masked)[^\n'"\u2019\u201D]+)/gu,
  // kernel command line
  kind === "file"
    ? /(systemd\.set_credential(?:_binary)?=[\w.@-]+:)((?!["']?<masked)[^\s'"]+)/gu
    : /(systemd\.set_credential(?:_binary)?=[\w.@-]+:)((?!["']?<masked)\S+)/gu,
  /(systemd\.set_credential(?:_binary)?="[\w.@-]+:|"systemd\.set_credential(?:_binary)?=[\w.@-]+:)((?!["']?<masked)[^"\n]+)/gu,
  // systemd.exec(5), SetCredential=: the name of the credential stays
  /(\bSetCredential(?:Encrypted)?=[\w.-]+:)((?!["']?<masked)[^\n]+)/gu,
  // assignments in shell, environment files and units; the quotes may stand around the name too
  new RegExp(String.raw`(${behindSecretName("=", `"`)})((?!["']?<masked)(?:[^"\\\n]|\\.)+)`, "giu"),
  new RegExp(String.raw`(${behindSecretName("=", "'")})((?!["']?<masked)[^'\n]+)`, "giu"),
  new RegExp(
    String.raw`(${behindSecretName("=")}${NOT_A_SETTING}${NOT_IN_A_LIST})((?!["']?<masked|[\])},;"'\\]+(?:\s|$))${valueIn(kind)})`,
    "gimu",
  ),
  // members of JSON and YAML with quotes, and of JSON inside of JSON
  new RegExp(
    String.raw`(${behindSecretName(`"`, `"`)}\s?:\s?")((?!["']?<masked)(?:[^"\\\n]|\\.)+)`,
    "giu",
  ),
  new RegExp(
    String.raw`(${behindSecretName(String.raw`\\"`, String.raw`\\"`)}\s?:\s?\\")((?!["']?<masked)(?:[^"\\\n]|\\[^"])+)`,
    "giu",
  ),
  new RegExp(String.raw`(${behindSecretName("'", "'")}\s?:\s?')((?!["']?<masked)[^'\n]+)`, "giu"),
  // options with a separate value
  new RegExp(
    String.raw`(${behindSecretName(String.raw`\s`, "--")}\s*)((?!["']?<masked)(?:${QUOTED}|[^\s"'-]\S*))`,
    "gimu",
  ),
  // a word that clap did not expect may be the rest of a value with a space in it
  /(unexpected argument ["'])((?!["']?<masked)[^\s"'-][^\n]*?)(?=["'] found|$)/gmu,
  // and so may a word that argh or an older clap did not expect, and one that QEMU takes for a disk, where it is no option's name
  /(\b[Ff]ound argument ["'])((?!["']?<masked|[a-z][a-z-]*["'])[^\s"'-][^\n]*?)(?=["'] which|$)/gmu,
  /(\b[Uu]nrecognized argument: )((?!["']?<masked|[a-z][a-z-]*\s*$)[^\s"'-]\S*)(?=\s*$)/gmu,
  /(^\S+: )((?!<masked)[^\s:'"\\/-][^\s:'"\\/]*)(?=: Could not open '\2')/gmu,
  /(<masked, \d+ bytes>: Could not open ')((?!<masked)[^'\n]+)(?=')/gu,
  // user and password in front of a host's name
  /(:\/\/)((?!["']?<masked)[^\s/@:"']*:[^\s/@"']+(?=@))/gu,
  /(-----BEGIN [A-Z ]{0,64}PRIVATE KEY[A-Z ]{0,64}-----)((?!["']?<masked)[\s\S]+?(?=-----END|$))/gu,
  // headers of HTTP, and options of curl(1) and others that take a user with a password; netrc(5); nix.conf(5)
  /(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|token|digest|negotiate)\s+)?)((?!["']?<masked|(?:basic|bearer|token|digest|negotiate)\s)[^\s"',;]+)/giu,
  /(\b(?:bearer|basic)\s+)((?!<masked)(?=[^\s"']*\d)[\w+/.=~-]{16,})/giu,
  /(\b(?:set-)?cookie:\s*)((?!\s|<masked)[^\n"']+)/giu,
  /(\bx-[\w-]{0,64}(?:key|token|auth|secret)[\w-]{0,64}:\s*)((?!<masked)[^\s"',;]+)/giu,
  /(\s(?:-u|--user|--proxy-user)[ =]["']?[\w.@-]+:)((?!<masked)[^\s"']+)/gu,
  /(\bmachine\s+\S+\s+login\s+\S+\s+password\s+)((?!<masked)\S+)/gu,
  /(\baccess-tokens\s*(?:=\s*)?[\w./-]{1,256}=)((?!<masked)[^\s"']+)/gu,
  // QEMU's secret objects, and strings that a table of the firmware carries and systemd does not know
  /(\bsecret,[^\s"']{0,1024}?\bdata=)((?!<masked)[^\s,"']+)/gu,
  /(\bname=opt\/(?!io\.systemd\.)[^,\s'"]{1,256},string=)((?!["']?<masked)[^\s'"]+)/gu,
  /(\btype=11,(?:[^\s'"]{0,2048},)?value=(?!io\.systemd\.)[\w.-]+=)((?!<masked)[^\s,'"]+)/gu,
  // a member of YAML, or a prompt that was answered: one word to the end of its line, with a digit
  new RegExp(
    String.raw`(${behindSecretName(":", String.raw`(?:^|[\s{(])`)}[ \t]+)((?!["']?<masked)(?=\S*\d)[^\s:"'/][^\s"']{5,})(?=[ \t]*$)`,
    "gimu",
  ),
];

const PATTERNS: Readonly<Record<TextKind, readonly RegExp[]>> = {
  file: patternsFor("file"),
  line: patternsFor("line"),
};
