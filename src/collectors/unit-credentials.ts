import type { LoadedCredential, Setting, VmUnit } from "../evidence/unit.ts";
import { hostPath, type UnitName } from "../vocabulary.ts";
import { settingOf, words } from "./service-settings.ts";
import { effectiveSettings, parseCredentialSetting, type UnitSetting } from "./unit-file.ts";

type UnitCredentials = Pick<
  VmUnit,
  "credentials" | "ignoredCredentials" | "imported" | "sealedIds" | "setIds"
>;

/**
 * What a unit's files say of credentials, in the order in which systemd reads them. A setting and its encrypted sibling fill one table: the
 * last word about an id counts, and an empty value of either empties it (systemd src/core/load-fragment.c).
 */
export const unitCredentials = (
  files: readonly (readonly UnitSetting[])[],
  name: UnitName,
): UnitCredentials => {
  const loaded = tableOf(files, ["LoadCredential", "LoadCredentialEncrypted"]).map((setting) => ({
    ...credentialOf(settingOf(setting, name), setting.key.endsWith("Encrypted")),
  }));
  const ignored = loaded.filter((one) => !isTaken(one)).map(({ ref }) => ref);
  const taken = loaded.filter(isTaken);
  const set = tableOf(files, ["SetCredential", "SetCredentialEncrypted"]);
  const sealed = set
    .filter(({ key }) => key.endsWith("Encrypted"))
    .map((setting) => idOnly(settingOf(setting, name)));
  return {
    credentials: taken.filter(
      ({ id }, index) => taken.findLastIndex((one) => one.id === id) === index,
    ),
    ...(ignored.length === 0 ? {} : { ignoredCredentials: ignored }),
    imported: words(
      effectiveSettings(files, "Service", "ImportCredential").map((one) => settingOf(one, name)),
    ),
    setIds: set.map((setting) => idOnly(settingOf(setting, name))),
    ...(sealed.length === 0 ? {} : { sealedIds: sealed }),
  };
};

const tableOf = (
  files: readonly (readonly UnitSetting[])[],
  keys: readonly string[],
): readonly UnitSetting[] => {
  const all = files
    .flat()
    .filter(({ section, key }) => section === "Service" && keys.includes(key));
  return all.slice(all.findLastIndex(({ value }) => value === "") + 1);
};

const credentialOf = ({ value, ref }: Setting, encrypted: boolean): LoadedCredential => {
  const { id, source } = parseCredentialSetting(value);
  return {
    id,
    encrypted,
    ref,
    ...(source?.startsWith("/") ? { source: hostPath(source) } : { inherited: source ?? id }),
  };
};

/** systemd drops a line whose id, or whose source where that is no absolute path, is no file name of printable ASCII, and one with `.` or `..` in its path. */
const isTaken = ({ id, source, inherited = id }: LoadedCredential): boolean =>
  isName(id) && (source === undefined ? isName(inherited) : !/\/\.{1,2}(?:\/|$)/u.test(source));

const isName = (name: string): boolean =>
  name.length <= 255 && /^(?!\.{1,2}$)[ -.0-9;-~]+$/u.test(name);

const idOnly = ({ value, ref }: Setting): Setting => ({
  value: parseCredentialSetting(value).id,
  ref,
});
