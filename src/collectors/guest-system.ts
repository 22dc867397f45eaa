import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type {
  CredentialConsumer,
  GuestSystem,
  WantedCredential,
} from "../evidence/guest-system.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Host } from "../host/host.ts";
import { hostPath, storePathOf, unitName, type HostPath, type StorePath } from "../vocabulary.ts";
import { declaredSecrets } from "./declared-secrets.ts";
import { fileRef, walkPath } from "./path-walk.ts";
import { storeName } from "./store-path.ts";
import {
  effectiveSettings,
  expandSpecifiers,
  parseCredentialSetting,
  parseUnitFile,
  splitWords,
} from "./unit-file.ts";

/**
 * The guest's system as its closure on the host shows it: `toplevel` of the state directory, or `share/microvm/system` of the
 * runner (microvm.nix nixos-modules/host/default.nix and lib/runner.nix at 71beea0).
 */
export const collectGuestSystem = async (
  host: Host,
  state: StateDirectory,
): Promise<Collected<GuestSystem>> => {
  for (const link of [`${state.path}/toplevel`, `${state.path}/current/share/microvm/system`]) {
    const walk = await walkPath(host, hostPath(link));
    const toplevel = storePathOf(walk.file?.path ?? "");
    if (toplevel !== undefined && walk.file?.stat.type === "directory")
      return collected(
        await readGuest(host, toplevel, {
          kind: "file",
          path: hostPath(link),
          stat: walk.file.stat,
        }),
      );
  }
  return unavailable(
    "not-found",
    "the guest's system is not on this host: neither toplevel nor the runner leads to it",
  );
};

const readGuest = async (host: Host, toplevel: StorePath, ref: FileRef): Promise<GuestSystem> => {
  const [consumers, declared, systemd, parameters] = await Promise.all([
    consumersIn(host, hostPath(`${toplevel}/etc/systemd/system`)),
    declaredSecrets(host, hostPath(toplevel)),
    systemdOf(host, toplevel),
    host.readText(hostPath(`${toplevel}/kernel-params`)),
  ]);
  return {
    toplevel,
    ref,
    consumers: consumers ?? [],
    unitsRead: consumers !== undefined,
    declared: declared.secrets,
    ...(systemd === undefined ? {} : { systemd }),
    kernelParameters:
      parameters.status === "present"
        ? parameters.value.split(/\s+/u).filter((word) => word.startsWith("systemd."))
        : [],
  };
};

const systemdOf = async (host: Host, toplevel: StorePath): Promise<string | undefined> => {
  const walk = await walkPath(host, hostPath(`${toplevel}/systemd`));
  const store = storePathOf(walk.file?.path ?? "");
  return store === undefined ? undefined : storeName(store);
};

/** Services with their drop-ins that ask for credentials, by unit name; `undefined` where they could not be listed. */
const consumersIn = async (
  host: Host,
  directory: HostPath,
): Promise<readonly CredentialConsumer[] | undefined> => {
  const names = await host.list(directory);
  if (names.status !== "present") return undefined;
  const services = new Set(
    names.value.flatMap(
      (name) => /^(?<unit>.+\.service)(?:\.d)?$/u.exec(name)?.groups?.["unit"] ?? [],
    ),
  );
  const consumers = await Promise.all(
    [...services].toSorted().map((unit) => readConsumer(host, directory, unit)),
  );
  return consumers.flatMap((consumer) => consumer ?? []);
};

const readConsumer = async (
  host: Host,
  directory: HostPath,
  unit: string,
): Promise<CredentialConsumer | undefined> => {
  const dropIns = await host.list(hostPath(`${directory}/${unit}.d`));
  const paths = [
    hostPath(`${directory}/${unit}`),
    ...(dropIns.status === "present"
      ? dropIns.value
          .filter((name) => name.endsWith(".conf"))
          .map((name) => hostPath(`${directory}/${unit}.d/${name}`))
      : []),
  ];
  const files = await Promise.all(
    paths.map(async (path) => {
      const text = await host.readText(path);
      return text.status === "present" ? parseUnitFile(path, text.value) : [];
    }),
  );
  const name = unitName(unit);
  const wants = (
    ["ImportCredential", "LoadCredential", "LoadCredentialEncrypted"] as const
  ).flatMap((key) =>
    effectiveSettings(files, "Service", key).flatMap((setting): readonly WantedCredential[] => {
      const value = expandSpecifiers(setting.value, name);
      const ref: FileRef = {
        kind: "file",
        path: setting.path,
        line: setting.line,
        text: `${key}=${setting.value}`,
      };
      return key === "ImportCredential"
        ? splitWords(value).map((word) => importOf(word, ref))
        : [loadOf(value, key === "LoadCredential" ? "load" : "load-encrypted", ref)];
    }),
  );
  const stat = await host.lstat(hostPath(`${directory}/${unit}`));
  return wants.length === 0
    ? undefined
    : {
        unit,
        wants,
        ref:
          stat.status === "present"
            ? fileRef(hostPath(`${directory}/${unit}`), stat.value)
            : { kind: "file", path: hostPath(`${directory}/${unit}`) },
      };
};

/** `ImportCredential=GLOB[:RENAME]` (systemd.exec(5); the second part since 257). */
const importOf = (word: string, ref: FileRef): WantedCredential => {
  const [name = word, renamed] = word.split(":");
  return { id: renamed ?? name, by: "import", name, ref };
};

const loadOf = (value: string, by: "load" | "load-encrypted", ref: FileRef): WantedCredential => {
  const { id, source } = parseCredentialSetting(value);
  return source?.startsWith("/")
    ? { id, by, name: id, source: hostPath(source), ref }
    : { id, by, name: source ?? id, ref };
};
