import type { OtherUnit, OtherUnits } from "../evidence/other-units.ts";
import type { Setting } from "../evidence/unit.ts";
import type { Host } from "../host/host.ts";
import type { Window } from "../journal/read.ts";
import { hostPath, unitName, type HostPath, type UnitName } from "../vocabulary.ts";
import { fileRef } from "./path-walk.ts";
import { collectStarts } from "./vm-journal.ts";
import { isDestinationIn, mayMake, writesTo } from "./written-paths.ts";
import {
  effectiveSetting,
  effectiveSettings,
  expandSpecifiers,
  parseUnitFile,
  splitWords,
  type UnitSetting,
} from "./unit-file.ts";

const DIRECTORIES = ["/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator"].map(
  hostPath,
);
const CONSIDERED = /\.(?:service|mount)$/u;
/** Units that start others. */
const ASKING = /\.(?:service|target|timer|path|socket)$/u;
/** Units of microvm.nix itself are told elsewhere. */
const OWN = /^(?:microvm[\w-]*@|install-microvm-)/u;

export interface UnitQuestion {
  /** Paths that somebody has to make: a unit that writes one, or is given a directory above it, is of interest. */
  readonly paths: readonly HostPath[];
  /** The VM: what is ordered before it and names a path is there for it. */
  readonly vm: string;
  /** Units that are of interest whatever they do. */
  readonly named: readonly string[];
}

/** Units that install secrets where the host does it outside of its activation script. */
export const INSTALLER_UNITS: readonly string[] = [
  "sops-install-secrets.service",
  "sops-install-secrets-for-users.service",
  "agenix-install-secrets.service",
  "agenix.service",
];

/** The units of the host that make, mount or hold up what a VM needs, with their starts in the journal. */
export const collectOtherUnits = async (
  host: Host,
  { paths, named, vm }: UnitQuestion,
  window: Window,
): Promise<OtherUnits> => {
  const listed = await Promise.all(
    DIRECTORIES.map(async (directory) => ({ directory, names: await host.list(directory) })),
  );
  const places = new Map<string, HostPath>();
  const asking = new Map<string, HostPath>();
  const pulled = new Map<string, string[]>();
  for (const { directory, names } of listed) {
    if (names.status !== "present") continue;
    for (const name of names.value) {
      if (CONSIDERED.test(name) && !OWN.test(name) && !places.has(name))
        places.set(name, hostPath(`${directory}/${name}`));
      if (ASKING.test(name) && !asking.has(name))
        asking.set(name, hostPath(`${directory}/${name}`));
    }
    const wanting = names.value.filter((name) => /\.(?:wants|requires)$/u.test(name));
    for (const name of wanting) {
      const members = await host.list(hostPath(`${directory}/${name}`));
      const by = name.replace(/\.(?:wants|requires)$/u, "");
      for (const member of members.status === "present" ? members.value : [])
        pulled.set(member, [...(pulled.get(member) ?? []), by]);
    }
  }
  const read = await Promise.all(
    [...places].map(([name, path]) => readUnit(host, unitName(name), path, { paths, vm })),
  );
  const wanted = read.flatMap((unit) =>
    unit !== undefined &&
    (unit.makes.length > 0 ||
      named.includes(unit.name) ||
      (unit.mountPoint !== undefined && isAbove(unit.mountPoint, paths)))
      ? [unit]
      : [],
  );
  const known = new Set(wanted.map(({ name }) => name));
  const mounts = mountUnitsAbove(paths).filter(({ name }) => !known.has(name));
  const taken = new Set<string>([...mounts.map(({ name }) => name), ...INSTALLER_UNITS]);
  const asked = named.filter(
    (name) => CONSIDERED.test(name) && !places.has(name) && !taken.has(name),
  );
  const unfiled = [...mounts, ...asked.map((name) => withoutFile(unitName(name)))];
  if (wanted.length + unfiled.length === 0) return { units: [] };
  for (const [unit, by] of await requestsIn(host, asking))
    pulled.set(unit, [...(pulled.get(unit) ?? []), ...by]);
  const { starts, skipped, summary } = await collectStarts(
    host,
    [...wanted, ...unfiled].map(({ name }) => name),
    window,
  );
  const logged = unfiled.filter(({ name }) => starts.some(({ unit }) => unit === name));
  const units = [...wanted, ...logged]
    .map((unit) => ({
      ...unit,
      pulledInBy: [...new Set(pulled.get(unit.name))].toSorted(),
      starts: starts.filter((start) => start.unit === unit.name),
      skipped: skipped.filter((skip) => skip.unit === unit.name),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    units,
    ...(summary.malformed === 0
      ? {}
      : { problem: `${summary.malformed} lines about other units could not be understood` }),
  };
};

/** Mounts of directories above these paths by the names that systemd gives them; generators keep their files out of /etc. */
const mountUnitsAbove = (paths: readonly HostPath[]): readonly UnitText[] => {
  const directories = new Set(
    paths.flatMap((path) => {
      const names = path.split("/").filter(Boolean).slice(0, -1);
      return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
    }),
  );
  return [...directories]
    .filter((directory) => directory !== "/run" && directory !== "/nix")
    .map((directory) => ({
      ...withoutFile(unitName(`${escapePath(directory)}.mount`)),
      mountPoint: hostPath(directory),
    }));
};

/** A unit that only the journal may know: generators keep their files where a recorded host has none. */
const withoutFile = (name: UnitName): UnitText => ({
  name,
  after: [],
  before: [],
  requires: [],
  conditions: [],
  makes: [],
});

/** systemd-escape --path: slashes become dashes, and what is neither a letter, digit, `:`, `_` nor `.` a hex escape. */
const escapePath = (path: string): string =>
  path
    .split("/")
    .filter(Boolean)
    .map((name) =>
      name.replaceAll(/[^A-Za-z0-9:_.]|^\./gu, (character) =>
        [...new TextEncoder().encode(character)]
          .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
          .join(""),
      ),
    )
    .join("-");

const isAbove = (directory: HostPath, paths: readonly HostPath[]): boolean =>
  directory !== "/" && paths.some((path) => path === directory || path.startsWith(`${directory}/`));

type UnitText = Omit<OtherUnit, "pulledInBy" | "starts" | "skipped">;

const readUnit = async (
  host: Host,
  name: UnitName,
  path: HostPath,
  { paths, vm }: Pick<UnitQuestion, "paths" | "vm">,
): Promise<UnitText | undefined> => {
  const [text, stat] = await Promise.all([host.readText(path), host.lstat(path)]);
  if (text.status !== "present" || stat.status !== "present") return undefined;
  const settings = [parseUnitFile(path, text.value)];
  const all = (key: string, section = "Unit"): readonly UnitSetting[] =>
    effectiveSettings(settings, section, key);
  const words = (key: string): readonly string[] =>
    all(key).flatMap(({ value }) => splitWords(value));
  const commands = ["ExecStart", "ExecStartPre", "ExecStartPost"].flatMap((key) =>
    all(key, "Service").map(({ value }) => value),
  );
  const scripts = await Promise.all(commands.map((command) => scriptText(host, command)));
  const configurations = await Promise.all(commands.map((command) => storeFiles(host, command)));
  const mount = effectiveSetting(settings, "Mount", "Where")?.value;
  const directories = ["RuntimeDirectory", "StateDirectory"].flatMap((key) =>
    all(key, "Service").flatMap(({ value }) =>
      splitWords(value).map(
        (word) =>
          `${key === "RuntimeDirectory" ? "/run" : "/var/lib"}/${word.split(":")[0] ?? word}`,
      ),
    ),
  );
  const before = words("Before");
  const isForVm = before.some((later) => later.startsWith("microvm") && later.includes(`@${vm}.`));
  return {
    name,
    ref: fileRef(path, stat.value),
    after: words("After"),
    before,
    requires: ["Requires", "BindsTo", "Requisite", "Wants"].flatMap(words),
    conditions: CONDITIONS.flatMap((key) => all(key).map((setting) => settingOf(setting, name))),
    makes: paths.filter(
      (secret) =>
        scripts.some((script) => writesTo(script, secret)) ||
        configurations.flat().some((one) => isDestinationIn(one, secret)) ||
        (isForVm && scripts.some((script) => mayMake(script, secret))) ||
        directories.some((directory) => secret.startsWith(`${directory}/`)),
    ),
    ...(mount?.startsWith("/") ? { mountPoint: hostPath(mount) } : {}),
  };
};

const CONDITIONS = [
  "ConditionPathExists",
  "ConditionPathIsMountPoint",
  "ConditionDirectoryNotEmpty",
  "ConditionFileNotEmpty",
  "ConditionHost",
  "ConditionVirtualization",
  "ConditionKernelCommandLine",
  "ConditionACPower",
  "ConditionFirstBoot",
  "ConditionSecurity",
  "AssertPathExists",
];

/** Which units other units start: by their own settings, or as the one that a timer, path or socket is for. */
const requestsIn = async (
  host: Host,
  units: ReadonlyMap<string, HostPath>,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const requests = new Map<string, string[]>();
  for (const [name, path] of units) {
    const text = await host.readText(path);
    if (text.status !== "present") continue;
    const settings = parseUnitFile(path, text.value);
    const named = settings
      .filter(({ key }) => ASKS.has(key))
      .flatMap(({ value }) => splitWords(value));
    const isTrigger = /\.(?:timer|path|socket)$/u.test(name);
    const own = isTrigger && !settings.some(({ key }) => key === "Unit" || key === "Service");
    for (const asked of [...named, ...(own ? [name.replace(/[^.]+$/u, "service")] : [])])
      if (asked !== name) requests.set(asked, [...(requests.get(asked) ?? []), name]);
  }
  return requests;
};

/** Settings that start a unit (systemd.unit(5), systemd.timer(5), systemd.path(5), systemd.socket(5)). */
const ASKS: ReadonlySet<string> = new Set([
  "Wants",
  "Requires",
  "BindsTo",
  "Upholds",
  "OnSuccess",
  "OnFailure",
  "Unit",
  "Service",
]);

/** Texts of the store that a command is given: the configuration of its program. */
const storeFiles = async (host: Host, command: string): Promise<readonly string[]> => {
  const files = [...command.matchAll(/(?<=[\s="'])\/nix\/store\/[^\s"']+/gu)].map(([file]) => file);
  const texts = await Promise.all(files.map((file) => host.readText(hostPath(file))));
  return texts.flatMap((text) => (text.status === "present" ? [text.value] : []));
};

const scriptText = async (host: Host, command: string): Promise<string> => {
  const program = splitWords(command)[0]?.replace(/^[-@:+!|]+/u, "");
  if (!program?.startsWith("/nix/store/")) return command;
  const text = await host.readText(hostPath(program));
  return text.status === "present" && text.value.startsWith("#!") ? text.value : command;
};

const settingOf = (setting: UnitSetting, unit: UnitName): Setting => ({
  value: expandSpecifiers(setting.value, unit),
  ref: {
    kind: "file",
    path: setting.path,
    line: setting.line,
    text: `${setting.key}=${setting.value}`,
  },
});
