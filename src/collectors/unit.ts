import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { ServiceSettings, Setting, VmUnit } from "../evidence/unit.ts";
import type { Host, Lookup } from "../host/host.ts";
import { isNoFile } from "../host/readable.ts";
import { vmUnit } from "../journal/matches.ts";
import { hostPath, unitName, type HostPath, type UnitName, type VmName } from "../vocabulary.ts";
import { collectLiveUnit } from "./live-unit.ts";
import { lossOf, type Loss } from "./losses.ts";
import { absentRef, fileRef } from "./path-walk.ts";
import { serviceSettings, settingOf, words } from "./service-settings.ts";
import { unitCredentials } from "./unit-credentials.ts";
import {
  effectiveSetting,
  effectiveSettings,
  parseUnitFile,
  type UnitSetting,
} from "./unit-file.ts";

/** systemd.unit(5): the system manager's load path, most important first. */
const UNIT_PATH = [
  "/etc/systemd/system.control",
  "/run/systemd/system.control",
  "/run/systemd/transient",
  "/run/systemd/generator.early",
  "/etc/systemd/system",
  "/run/systemd/system",
  "/run/systemd/generator",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
  "/run/systemd/generator.late",
];

/** `microvm@VM.service` from its files, and on a live host what systemd made of them. */
export const collectUnit = async (host: Host, vm: VmName): Promise<Collected<VmUnit>> => {
  const name = vmUnit(vm);
  const [own, template] = await Promise.all([
    findUnitFile(host, name),
    findUnitFile(host, "microvm@.service"),
  ]);
  const fragment = own ?? template;
  if (isUnread(fragment)) {
    const { loss } = fragment;
    return loss.kind === "rights"
      ? unavailable(
          "permission-denied",
          `${isUnread(own) ? name : "microvm@.service"} may not be read with these rights`,
        )
      : unavailable(
          loss.kind === "limit" ? "timed-out" : "failed",
          `${fragment.path} could not be looked at: ${loss.why}`,
        );
  }
  if (fragment === undefined) {
    return unavailable(
      "not-found",
      `there is neither ${name} nor microvm@.service in systemd's load path`,
      absentRef(hostPath("/etc/systemd/system/microvm@.service")),
    );
  }
  const { dropIns, unread } = await findDropIns(host, [
    `${name}.d`,
    "microvm@.service.d",
    "service.d",
  ]);
  const files = [fragment, ...dropIns];
  const settings = files.map(({ path, text }) => parseUnitFile(path, text));
  const all = (section: string, key: string): readonly Setting[] =>
    effectiveSettings(settings, section, key).map((setting) => settingOf(setting, name));
  const one = (key: string): Setting | undefined => {
    const setting = effectiveSetting(settings, "Service", key);
    return setting === undefined ? undefined : settingOf(setting, name);
  };
  const { live, problem } = await collectLiveUnit(host, name);
  const dependencies = ["After", "Requires", "Wants", "BindsTo"].flatMap((key) =>
    words(all("Unit", key)).map((setting) => ({ ...setting, key })),
  );
  const shareServer = await collectService(host, vm, "microvm-virtiofsd@");
  return collected({
    ...serviceSettings(name, settings),
    fragment: fragment.ref,
    shadowsTemplate: own !== undefined && template !== undefined,
    dropIns: dropIns.map(({ ref }) => ref),
    ...(unread.length === 0 ? {} : { unread }),
    type: one("Type"),
    restart: one("Restart"),
    restartSec: one("RestartSec"),
    execStartPre: all("Service", "ExecStartPre"),
    execStartPost: all("Service", "ExecStartPost"),
    timeout: one("TimeoutStartSec") ?? one("TimeoutSec"),
    environment: words(all("Service", "Environment")).map(nameOnly),
    ...unitCredentials(settings, name),
    ...hiddenBy(isUnread(own) ? undefined : own, template, settings, name),
    environmentFiles: all("Service", "EnvironmentFile"),
    conditions: ["ConditionPathExists", "AssertPathExists"].flatMap((key) => all("Unit", key)),
    dependencies,
    needs: [
      ...new Set(
        dependencies
          .map(({ value }) => value)
          .filter((unit) => !/^(?:install-)?microvm/u.test(unit)),
      ),
    ],
    ...(shareServer === undefined ? {} : { shareServer }),
    live,
    ...(problem === undefined ? {} : { liveProblem: problem }),
  });
};

/** What the template would hand over, where a file of the instance hides the template and hands over nothing of it. */
const hiddenBy = (
  own: UnitFile | undefined,
  template: UnitFile | UnreadFile | undefined,
  inForce: readonly (readonly UnitSetting[])[],
  name: UnitName,
): Pick<VmUnit, "hiddenCredentials"> => {
  if (own === undefined || template === undefined || isUnread(template)) return {};
  const given = new Set(idsOf(unitCredentials(inForce, name)).map(({ value }) => value));
  const hidden = idsOf(unitCredentials([parseUnitFile(template.path, template.text)], name)).filter(
    ({ value }) => !given.has(value),
  );
  return hidden.length === 0 ? {} : { hiddenCredentials: hidden };
};

const idsOf = ({
  credentials,
  imported,
  setIds,
}: ReturnType<typeof unitCredentials>): readonly Setting[] => [
  ...credentials.map(({ id, ref }) => ({ value: id, ref })),
  ...imported,
  ...setIds,
];

/** The settings of a helper of microvm.nix, instance and template taken together; `undefined` where the host has no such unit. */
const collectService = async (
  host: Host,
  vm: VmName,
  prefix: "microvm-virtiofsd@",
): Promise<ServiceSettings | undefined> => {
  const name = unitName(`${prefix}${vm}.service`);
  const template = `${prefix}.service`;
  const fragment = (await findUnitFile(host, name)) ?? (await findUnitFile(host, template));
  if (fragment === undefined || isUnread(fragment)) return undefined;
  const { dropIns } = await findDropIns(host, [`${name}.d`, `${template}.d`, "service.d"]);
  return serviceSettings(
    name,
    [fragment, ...dropIns].map(({ path, text }) => parseUnitFile(path, text)),
  );
};

/** The state directory that the unit works in; microvm.stateDir can be anywhere. */
export const collectStateRoot = async (host: Host): Promise<HostPath> => {
  const template = await findUnitFile(host, "microvm@.service");
  const settings =
    template === undefined || isUnread(template)
      ? []
      : [parseUnitFile(template.path, template.text)];
  const directory = effectiveSetting(settings, "Service", "WorkingDirectory")?.value.replace(
    /^-/u,
    "",
  );
  const root = directory?.replace(/\/%[iI]\/?$/u, "");
  return hostPath(root?.startsWith("/") && root !== directory ? root : "/var/lib/microvms");
};

interface UnitFile {
  readonly path: HostPath;
  readonly text: string;
  readonly ref: FileRef;
}

/** It is there, or may be, and could not be read: that is not the same as none. */
interface UnreadFile {
  readonly path: HostPath;
  readonly loss: Omit<Loss, "what">;
}

const isUnread = (file: UnitFile | UnreadFile | undefined): file is UnreadFile =>
  file !== undefined && "loss" in file;

const findUnitFile = async (
  host: Host,
  name: string,
): Promise<UnitFile | UnreadFile | undefined> => {
  for (const directory of UNIT_PATH) {
    const file = await readUnitFile(host, hostPath(`${directory}/${name}`));
    if (file !== undefined) return file;
  }
  return undefined;
};

const readUnitFile = async (
  host: Host,
  path: HostPath,
): Promise<UnitFile | UnreadFile | undefined> => {
  const stat = await host.lstat(path);
  if (stat.status !== "present") return unreadFile(path, stat);
  const text = await host.readText(path);
  return text.status === "present"
    ? { path, text: text.value, ref: fileRef(path, stat.value) }
    : unreadFile(path, text);
};

const unreadFile = (path: HostPath, found: Lookup<unknown>): UnreadFile | undefined => {
  const loss = lossOf(found) ?? closedTo(found);
  return loss === undefined ? undefined : { path, loss };
};

/** systemd reads a unit that is closed to others, or has a second name, all the same; one that is a device is masked. */
const closedTo = (found: Lookup<unknown>): UnreadFile["loss"] | undefined =>
  found.status === "refused" && !isNoFile(found.reason)
    ? { why: found.reason, kind: "not-kept" }
    : undefined;

interface FoundDropIns {
  readonly dropIns: readonly UnitFile[];
  readonly unread: readonly HostPath[];
}

/** Drop-ins by file name over all directories; an earlier directory hides the same name in a later one (systemd.unit(5)). */
const findDropIns = async (host: Host, directories: readonly string[]): Promise<FoundDropIns> => {
  const chosen = new Map<string, UnitFile>();
  const unread: HostPath[] = [];
  for (const place of UNIT_PATH) {
    for (const directory of directories) {
      const whole = hostPath(`${place}/${directory}`);
      const listed = await host.list(whole);
      if (lossOf(listed) !== undefined) unread.push(whole);
      if (listed.status !== "present") continue;
      for (const file of listed.value.filter(
        (entry) => entry.endsWith(".conf") && !chosen.has(entry),
      )) {
        const path = hostPath(`${whole}/${file}`);
        const read = await readUnitFile(host, path);
        if (isUnread(read)) unread.push(path);
        else if (read !== undefined) chosen.set(file, read);
      }
    }
  }
  const dropIns = [...chosen].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
  return { dropIns, unread };
};

const nameOnly = ({ value, ref }: Setting): Setting => ({
  value: value.split("=", 1)[0] ?? value,
  ref,
});
