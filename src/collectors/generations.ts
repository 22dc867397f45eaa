import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Generation, Generations } from "../evidence/store.ts";
import type { Host } from "../host/host.ts";
import {
  hostPath,
  type HostPath,
  type StorePath,
  type VmName,
  storePathOf,
} from "../vocabulary.ts";
import { fileRef, walkPath } from "./path-walk.ts";

import { effectiveSettings, parseUnitFile, splitWords } from "./unit-file.ts";

const PROFILES = hostPath("/nix/var/nix/profiles");

/** Every generation of the system profile, with the runner that it would install for this VM. */
export const collectGenerations = async (
  host: Host,
  vm: VmName,
): Promise<Collected<Generations>> => {
  const names = await host.list(PROFILES);
  if (names.status !== "present") {
    return unavailable(
      names.status === "denied" ? "permission-denied" : "not-found",
      `${PROFILES} could not be listed`,
    );
  }
  const numbers = names.value
    .flatMap((name) => /^system-(?<number>\d+)-link$/u.exec(name)?.groups?.["number"] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
  if (numbers.length === 0)
    return unavailable("not-found", `${PROFILES} holds no generation of a system profile`);
  const [list, profile, running, installer, booted] = await Promise.all([
    Promise.all(numbers.map((number) => readGeneration(host, number, vm))),
    host.lstat(hostPath(`${PROFILES}/system`)),
    readSystemLink(host, hostPath("/run/current-system")),
    readInstaller(
      host,
      hostPath(`/run/current-system/etc/systemd/system/install-microvm-${vm}.service`),
    ),
    readSystemLink(host, hostPath("/run/booted-system")),
  ]);
  const target = profile.status === "present" ? profile.value.target : undefined;
  const newest = Number(/system-(?<number>\d+)-link$/u.exec(target ?? "")?.groups?.["number"]);
  return collected({
    list,
    profile: hostPath(`${PROFILES}/system`),
    ...(Number.isInteger(newest) ? { newest } : {}),
    ...(running === undefined
      ? {}
      : {
          running: {
            ...running,
            ...(installer?.runner === undefined ? {} : { runner: installer.runner }),
            ...(installer === undefined
              ? {}
              : { installer: installer.ref, frozen: installer.frozen }),
          },
        }),
    ...(booted === undefined ? {} : { booted }),
  });
};

const readSystemLink = async (
  host: Host,
  path: HostPath,
): Promise<{ readonly toplevel: StorePath; readonly ref: FileRef } | undefined> => {
  const own = await host.lstat(path);
  if (own.status !== "present") return undefined;
  const walk = await walkPath(host, path);
  const toplevel = storePathOf(walk.file?.path ?? own.value.target ?? "");
  return toplevel === undefined ? undefined : { toplevel, ref: fileRef(path, own.value) };
};

const readGeneration = async (host: Host, number: number, vm: VmName): Promise<Generation> => {
  const path = hostPath(`${PROFILES}/system-${number}-link`);
  const own = await host.lstat(path);
  const link: FileRef =
    own.status === "present" ? fileRef(path, own.value) : { kind: "file", path };
  const toplevel = own.status === "present" ? storePathOf(own.value.target ?? "") : undefined;
  const units = hostPath(`${path}/etc/systemd/system`);
  const [installed, unit] = await Promise.all([
    readInstaller(host, hostPath(`${units}/install-microvm-${vm}.service`)),
    dropInsOf(host, hostPath(`${units}/microvm@${vm}.service.d`)),
  ]);
  return {
    number,
    link,
    ...(toplevel === undefined ? {} : { toplevel }),
    ...(installed?.runner === undefined ? {} : { runner: installed.runner }),
    ...(installed === undefined ? {} : { installer: installed.ref }),
    ...(unit === undefined ? {} : { unit }),
    frozen: installed?.frozen ?? false,
  };
};

/** Each drop-in with the store path that it comes from; `undefined` where there is none. */
const dropInsOf = async (host: Host, directory: HostPath): Promise<string | undefined> => {
  const names = await host.list(directory);
  if (names.status !== "present" || names.value.length === 0) return undefined;
  const sources = await Promise.all(
    names.value.map(async (name) => {
      const walk = await walkPath(host, hostPath(`${directory}/${name}`));
      return `${name} ${walk.file?.path ?? ""}`;
    }),
  );
  return sources.join("\n");
};

export interface Installer {
  readonly runner?: StorePath;
  readonly ref: FileRef;
  readonly frozen: boolean;
}

const RELINK =
  /\bln\s+-\S+\s+["']?(?<runner>\/nix\/store\/[^\s"']+)["']?\s+["']?(?:\S*\/)?current["']?(?:\s|;|$)/u;

/** `install-microvm-VM.service` and the `ln -sTf <runner> current` of its script (microvm.nix nixos-modules/host). */
export const readInstaller = async (host: Host, path: HostPath): Promise<Installer | undefined> => {
  const text = await host.readText(path);
  if (text.status !== "present") return undefined;
  const settings = [parseUnitFile(path, text.value)];
  const frozen = effectiveSettings(settings, "Unit", "ConditionPathExists").some(({ value }) =>
    value.startsWith("!"),
  );
  const [start] = effectiveSettings(settings, "Service", "ExecStart");
  const program = splitWords(start?.value ?? "")[0]?.replace(/^[-@:+!|]+/u, "");
  const inline = relinkIn(path, start?.value ?? "", start?.line);
  if (inline !== undefined) return { ...inline, frozen };
  if (program?.startsWith("/")) {
    const script = await host.readText(hostPath(program));
    if (script.status === "present") {
      for (const [index, line] of script.value.split("\n").entries()) {
        const found = relinkIn(hostPath(program), line, index + 1);
        if (found !== undefined) return { ...found, frozen };
      }
    }
  }
  return {
    ref: {
      kind: "file",
      path,
      ...(start === undefined ? {} : { line: start.line, text: `ExecStart=${start.value}` }),
    },
    frozen,
  };
};

const relinkIn = (
  path: HostPath,
  text: string,
  line: number | undefined,
): Omit<Installer, "frozen"> | undefined => {
  const runner = storePathOf(RELINK.exec(text)?.groups?.["runner"] ?? "");
  return runner === undefined
    ? undefined
    : {
        runner,
        ref: { kind: "file", path, ...(line === undefined ? {} : { line }), text: text.trim() },
      };
};
