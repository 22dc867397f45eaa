/**
 * Masks what looks like the value of a secret in text that other programs wrote.
 * Applied where text enters (journal lines, store scripts), so that nothing behind it ever holds a value.
 * Idempotent: a masked text stays as it is.
 */
export const mask = (text: string): string => {
  if (!SUSPICIOUS.test(text)) return text;
  return PATTERNS.reduce(
    (masked, pattern) =>
      masked.replace(pattern, (whole: string, before: string, value: string) =>
        isHarmless(value) ? whole : `${before}${placeholder(value)}`,
      ),
    text,
  );
};

/** `<masked, 44 bytes>`: the length stays, since an empty or a cut value is a finding of its own. */
const placeholder = (value: string): string => `<masked, ${Buffer.byteLength(value)} bytes>`;

/** Cheap test for the many lines that hold nothing of the kind. */
const SUSPICIOUS =
  /credential|key|token|secret|passw|passphrase|eyJ|PRIVATE|gh[pousr]_|glpat|xox[abprs]-|sk-|AKIA|:\/\/[^\s/@]*@/iu;

const SECRET_NAME = String.raw`(?:[\w.-]*(?:secret|token|passw(?:or)?d|passphrase|credential)[\w-]*|(?:[\w.-]*[_.-])?(?:api)?key)`;

/** Each captures what stands in front and the value. */
const PATTERNS: readonly RegExp[] = [
  // SMBIOS OEM strings, systemd.system-credentials(7)
  /(io\.systemd\.credential(?:\.binary)?:(?!vmm\.notify_socket)[\w.-]+=)((?!<masked)[^,\]"'\s]+)/gu,
  // QEMU's fw_cfg string form; a comma is doubled there
  /(opt\/io\.systemd\.credentials\/[\w.-]+,string=)((?!<masked)(?:,,|[^,'"\s])+)/gu,
  // kernel command line
  /(systemd\.set_credential(?:_binary)?=[\w.-]+:)((?!<masked)[^\s'"]+)/gu,
  // systemd.exec(5), SetCredential=: the name of the credential stays
  /(\bSetCredential(?:Encrypted)?=[\w.-]+:)((?!<masked)[^\n]+)/gu,
  // assignments in shell, environment files and units
  new RegExp(
    String.raw`(\b(?!(?:Load|Import|Set)Credential)${SECRET_NAME}=)((?!<masked)(?:"[^"\n]*"|'[^'\n]*'|[^\s"',;\]})]+))`,
    "giu",
  ),
  // members of JSON and YAML with quotes
  new RegExp(String.raw`(["']${SECRET_NAME}["']\s?:\s?["'])((?!<masked)[^"'\n]+)`, "giu"),
  // options with a separate value
  new RegExp(String.raw`(--${SECRET_NAME}\s+)((?!<masked)[^\s"'-][^\s"']*)`, "giu"),
  // user and password in front of a host's name
  /(:\/\/)((?!<masked)[^\s/@:"']*:[^\s/@"']+(?=@))/gu,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)((?!<masked)[\s\S]+?(?=-----END|$))/gu,
  /()(\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/gu,
  /()(\bAGE-SECRET-KEY-1[0-9A-Z]+|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{20,}|\bAKIA[0-9A-Z]{16}\b)/gu,
];

/** A path, an expansion, a size or a switch says where a value is, how long, or whether there is one, not what it is. */
const isHarmless = (value: string): boolean =>
  /^["']?(?:$|["']$|\\?\$|`|\/|\(|[\w.-]+:\/|(?:\d+|yes|no|true|false|on|off|null|none)["']?$)/u.test(
    value,
  );
