import type { SandboxSetting, ServiceSettings } from "../evidence/unit.ts";
import { isOn, lastValue } from "./service-settings.ts";

/** One place of the file system that a service sees in another way than the host. */
export interface Mount {
  /** Where, as the service names it. */
  readonly at: string;
  /**
   * `inaccessible`: a directory or file of root with mode 0000 lies over it. `empty`: a file system of its own. `bind`: `source` of the
   * host shows there. `foreign`: something that is no part of the host's tree. `kept`: the host's own, read-only or not.
   */
  readonly kind: "inaccessible" | "bind" | "foreign" | "empty" | "kept";
  /** Of two mounts at one place the lower wins (MountMode in src/core/namespace.c, "ordered by priority"; measured on systemd 252). */
  readonly rank: number;
  readonly source?: string;
  readonly setting: SandboxSetting;
}

/** The root stands below all others and competes with none. */
const RANK = {
  root: -1,
  inaccessible: 0,
  image: 1,
  bind: 2,
  private: 3,
  kept: 4,
  temporary: 5,
  run: 6,
};
const HOMES = ["/home", "/root", "/run/user"];

/**
 * The mounts that a service's settings ask for (systemd.exec(5), "SANDBOXING"). Read-only settings hide nothing, but they win over a
 * temporary file system at the same place.
 */
export const sandboxMounts = (service: ServiceSettings): readonly Mount[] => {
  const root = rootMounts(service);
  const hasRoot = root.length > 0;
  return [
    ...root,
    ...privateMounts(service),
    // In a root of the service's own the homes are covered only where it has them, and that was not looked at.
    ...(hasRoot ? [] : protectHome(service)),
    ...(hasRoot ? [] : protectSystem(service)),
    ...["ReadOnlyPaths", "ReadWritePaths"].flatMap((key) =>
      values(service, key).flatMap(({ value, setting }): readonly Mount[] => {
        const path = placeOf(value, hasRoot);
        return path === undefined ? [] : [{ at: path, kind: "kept", rank: RANK.kept, setting }];
      }),
    ),
    ...values(service, "InaccessiblePaths").flatMap(({ value, setting }): readonly Mount[] => {
      const path = placeOf(value, hasRoot);
      return path === undefined
        ? []
        : [{ at: path, kind: "inaccessible", rank: RANK.inaccessible, setting }];
    }),
    ...values(service, "TemporaryFileSystem").flatMap(({ value, setting }): readonly Mount[] => {
      const [path = ""] = value.split(/(?<!\\):/u);
      return path.startsWith("/")
        ? [{ at: canonical(path), kind: "empty", rank: RANK.temporary, setting }]
        : [];
    }),
    ...["BindPaths", "BindReadOnlyPaths"].flatMap((key) =>
      values(service, key).flatMap(({ value, setting }): readonly Mount[] => {
        const [source = "", target = source] = value
          .replace(/^-/u, "")
          .split(/(?<!\\):/u)
          .map((part) => part.replaceAll("\\:", ":"));
        return source.startsWith("/") && target.startsWith("/")
          ? [
              {
                at: canonical(target),
                kind: "bind",
                rank: RANK.bind,
                source: canonical(source),
                setting,
              },
            ]
          : [];
      }),
    ),
    ...values(service, "MountImages").flatMap(({ value, setting }): readonly Mount[] => {
      const target = value.split(/(?<!\\):/u)[1];
      return target?.startsWith("/")
        ? [{ at: canonical(target), kind: "foreign", rank: RANK.image, setting }]
        : [];
    }),
  ];
};

/** `[-][+]PATH`. Without `+` the path is the host's, which a service with a root of its own does not see. */
const placeOf = (value: string, hasRoot: boolean): string | undefined => {
  const found = /^-?(?<plus>\+?)(?<path>\/.*)$/u.exec(value)?.groups;
  return found?.["path"] === undefined || (hasRoot && found["plus"] === "")
    ? undefined
    : canonical(found["path"]);
};

/** A path that lies inside of a directory, itself excluded. */
export const isBelow = (path: string, directory: string): boolean =>
  path !== directory && path.startsWith(directory === "/" ? "/" : `${directory}/`);

/** Without doubled slashes and one at the end. */
export const canonical = (path: string): string =>
  path.replaceAll(/\/+/gu, "/").replace(/(?<=.)\/$/u, "");

interface Value {
  readonly value: string;
  readonly setting: SandboxSetting;
}

/** The words of a list setting, each with the line that holds it. */
const values = ({ sandbox }: ServiceSettings, key: string): readonly Value[] =>
  sandbox
    .filter((setting) => setting.key === key)
    .flatMap((setting) =>
      setting.value
        .split(/\s+/u)
        .filter(Boolean)
        .map((word) => ({ value: word.replaceAll(/^"|"$/gu, ""), setting })),
    );

/** RootDirectory= and RootImage= bring a /run of their own and the host's /dev, unless MountAPIVFS= says no (systemd.exec(5)). */
const rootMounts = (service: ServiceSettings): readonly Mount[] => {
  const directory = lastValue(service, "RootDirectory");
  const image = lastValue(service, "RootImage");
  const setting = image ?? directory;
  if (setting === undefined || setting.value === "/") return [];
  const api = lastValue(service, "MountAPIVFS") === undefined || isOn(service, "MountAPIVFS");
  return [
    image === undefined
      ? { at: "/", kind: "bind", rank: RANK.root, source: canonical(setting.value), setting }
      : { at: "/", kind: "foreign", rank: RANK.root, setting },
    ...(api
      ? [
          { at: "/run", kind: "empty", rank: RANK.run, setting } as const,
          { at: "/dev", kind: "bind", rank: RANK.run, source: "/dev", setting } as const,
        ]
      : []),
  ];
};

const protectHome = (service: ServiceSettings): readonly Mount[] => {
  const setting = lastValue(service, "ProtectHome");
  if (setting === undefined) return [];
  const how = homeMount(setting.value, isOn(service, "ProtectHome"));
  return how === undefined ? [] : HOMES.map((at) => ({ at, setting, ...how }));
};

const homeMount = (value: string, isYes: boolean): Pick<Mount, "kind" | "rank"> | undefined => {
  if (isYes) return { kind: "inaccessible", rank: RANK.inaccessible };
  if (value === "tmpfs") return { kind: "empty", rank: RANK.temporary };
  return value === "read-only" ? { kind: "kept", rank: RANK.kept } : undefined;
};

/** Only `strict` is about a place where somebody else mounts: the root. A dynamic user has it always. */
const protectSystem = (service: ServiceSettings): readonly Mount[] => {
  const setting = lastValue(
    service,
    isOn(service, "DynamicUser") ? "DynamicUser" : "ProtectSystem",
  );
  return setting === undefined || (setting.key === "ProtectSystem" && setting.value !== "strict")
    ? []
    : [{ at: "/", kind: "kept", rank: RANK.kept, setting }];
};

/** PrivateTmp= and PrivateDevices=; a dynamic user always has a /tmp of its own. */
const privateMounts = (service: ServiceSettings): readonly Mount[] => {
  const named = lastValue(service, "PrivateTmp");
  const dynamic = isOn(service, "DynamicUser") ? lastValue(service, "DynamicUser") : undefined;
  const temporary =
    isOn(service, "PrivateTmp") || named?.value === "disconnected" ? named : dynamic;
  // A service that joins another's namespace finds in /tmp what that one put there.
  const kind = lastValue(service, "JoinsNamespaceOf") === undefined ? "empty" : "foreign";
  const devices = isOn(service, "PrivateDevices")
    ? lastValue(service, "PrivateDevices")
    : undefined;
  return [
    ...(temporary === undefined
      ? []
      : ["/tmp", "/var/tmp"].map(
          (at) => ({ at, kind, rank: RANK.private, setting: temporary }) as const,
        )),
    ...(devices === undefined
      ? []
      : [
          { at: "/dev", kind: "empty", rank: RANK.private, setting: devices } as const,
          {
            at: "/dev/shm",
            kind: "bind",
            rank: RANK.bind,
            source: "/dev/shm",
            setting: devices,
          } as const,
        ]),
  ];
};
