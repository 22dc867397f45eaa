import type { SandboxSetting, ServiceSettings, Setting } from "../evidence/unit.ts";
import type { UnitName } from "../vocabulary.ts";
import {
  effectiveSetting,
  effectiveSettings,
  expandSpecifiers,
  splitWords,
  type UnitSetting,
} from "./unit-file.ts";

type ParsedFiles = readonly (readonly UnitSetting[])[];

/** systemd.exec(5): what decides which part of the host's file system a process sees, and as whom. */
const SANDBOX_KEYS = [
  "PrivateUsers",
  "PrivateMounts",
  "PrivateTmp",
  "PrivateDevices",
  "ProtectHome",
  "ProtectSystem",
  "RootDirectory",
  "RootImage",
  "MountAPIVFS",
  "MountImages",
  "TemporaryFileSystem",
  "InaccessiblePaths",
  "BindPaths",
  "BindReadOnlyPaths",
  "ReadOnlyPaths",
  "ReadWritePaths",
  "DynamicUser",
];
/** Names of systemd before 231 that still count. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  InaccessibleDirectories: "InaccessiblePaths",
  ReadOnlyDirectories: "ReadOnlyPaths",
  ReadWriteDirectories: "ReadWritePaths",
};
/** For these an empty value is a value: no capability at all. */
const CAPABILITY_KEYS = new Set(["CapabilityBoundingSet", "AmbientCapabilities"]);

/** The identity and the sandbox of a service from its fragment and drop-ins, in the order in which systemd reads them. */
export const serviceSettings = (name: UnitName, files: ParsedFiles): ServiceSettings => {
  const one = (key: string): Setting | undefined => {
    const setting = effectiveSetting(files, "Service", key);
    return setting === undefined ? undefined : settingOf(setting, name);
  };
  const all = (key: string, section = "Service"): readonly Setting[] =>
    effectiveSettings(files, section, key).map((setting) => settingOf(setting, name));
  const capabilities = files
    .flat()
    .filter(({ section, key }) => section === "Service" && CAPABILITY_KEYS.has(key));
  const keyed = (key: string, as = key, section = "Service"): readonly SandboxSetting[] =>
    all(key, section).map((setting) => ({ ...setting, key: as }));
  return {
    name,
    user: one("User"),
    group: one("Group"),
    supplementaryGroups: words(all("SupplementaryGroups")),
    type: one("Type"),
    execStart: all("ExecStart"),
    sandbox: [
      ...SANDBOX_KEYS.flatMap((key) => keyed(key)),
      ...Object.entries(OLD_NAMES).flatMap(([old, key]) => keyed(old, key)),
      ...capabilities.map((setting) => ({ ...settingOf(setting, name), key: setting.key })),
      ...keyed("JoinsNamespaceOf", "JoinsNamespaceOf", "Unit"),
    ],
  };
};

export const settingOf = (setting: UnitSetting, unit: UnitName): Setting => ({
  value: expandSpecifiers(setting.value, unit),
  ref: {
    kind: "file",
    path: setting.path,
    line: setting.line,
    text: `${setting.key}=${setting.value}`,
  },
});

export const words = (settings: readonly Setting[]): readonly Setting[] =>
  settings.flatMap(({ value, ref }) => splitWords(value).map((word) => ({ value: word, ref })));
