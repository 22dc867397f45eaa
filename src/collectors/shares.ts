import { collected, type Collected, type LinkedRunners } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { SecretChannel } from "../evidence/runner.ts";
import type { SharedDirectory, Shares } from "../evidence/shares.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { absentRef, fileRef, walkPath } from "./path-walk.ts";

type Share = Extract<SecretChannel, { kind: "share" }>;

/** The directories that the runner in force shows to its guest, as they are on the host now. */
export const collectShares = async (
  host: Host,
  runners: LinkedRunners,
  state: StateDirectory,
): Promise<Collected<Shares>> => {
  const channels = (runners.current?.channels ?? []).filter(
    (channel): channel is Share => channel.kind === "share",
  );
  const rules = channels.length === 0 ? [] : await tmpfilesRules(host);
  const directories = await Promise.all(
    channels.map(async (channel): Promise<SharedDirectory> => {
      const [walk, names, socket] = await Promise.all([
        walkPath(host, channel.path),
        host.list(channel.path),
        socketOf(host, channel, state),
      ]);
      const rule = rules.find(({ path }) => path === channel.path);
      return {
        tag: channel.tag ?? "",
        protocol: channel.protocol,
        source: channel.path,
        ref: channel.ref,
        walk,
        ...(names.status === "present" ? { names: names.value } : {}),
        ...(rule === undefined ? {} : { tmpfiles: rule.ref }),
        ...(socket === undefined ? {} : { socket }),
      };
    }),
  );
  const program = hostPath(`${state.path}/current/bin/virtiofsd-run`);
  const [server, eventBuffer] = await Promise.all([
    host.lstat(program),
    channels.length === 0 ? undefined : eventBufferOf(host, program),
  ]);
  return collected({
    directories,
    ...(eventBuffer === undefined ? {} : { eventBuffer }),
    ...(server.status === "present"
      ? { server: fileRef(program, server.value) }
      : server.status === "absent"
        ? { server: absentRef(program) }
        : {}),
  });
};

/** `share/microvm/virtiofs/<tag>/socket` names it, relative to the state directory (microvm.nix lib/runner.nix at 71beea0). */
const socketOf = async (
  host: Host,
  { tag, protocol }: Share,
  state: StateDirectory,
): Promise<FileRef | undefined> => {
  if (protocol !== "virtiofs" || tag === undefined) return undefined;
  const named = await host.readText(
    hostPath(`${state.path}/current/share/microvm/virtiofs/${tag}/socket`),
  );
  if (named.status !== "present") return undefined;
  const name = named.value.trim();
  const path = hostPath(name.startsWith("/") ? name : `${state.path}/${name}`);
  const stat = await host.lstat(path);
  return stat.status === "present" ? fileRef(path, stat.value) : absentRef(path);
};

/** supervisord keeps this many events where its configuration names no number (supervisord.conf, eventlistener:x, buffer_size). */
const DEFAULT_BUFFER = 10;

/** The configuration that virtiofsd-run names, and its listener's buffer (microvm.nix nixos-modules/microvm/virtiofsd at 71beea0). */
const eventBufferOf = async (host: Host, program: HostPath): Promise<Shares["eventBuffer"]> => {
  const script = await host.readText(program);
  const named =
    script.status === "present"
      ? /(?:-c|--configuration)[\s=]+["']?(?<path>\/nix\/store\/[^\s"']+)/u.exec(script.value)
          ?.groups
      : undefined;
  if (named?.["path"] === undefined) return undefined;
  const path = hostPath(named["path"]);
  const text = await host.readText(path);
  if (text.status !== "present") return undefined;
  const lines = text.value.split("\n");
  const section = lines.findIndex((line) => line.startsWith("[eventlistener:"));
  if (section < 0) return undefined;
  const end = lines.findIndex((line, index) => index > section && line.startsWith("["));
  const at = lines.findIndex(
    (line, index) => index > section && (end < 0 || index < end) && /^buffer_size\s*=/u.test(line),
  );
  const line = at < 0 ? section : at;
  const written = /=\s*(?<events>\d+)/u.exec(lines[at] ?? "")?.groups?.["events"];
  return {
    events: written === undefined ? DEFAULT_BUFFER : Number(written),
    ref: { kind: "file", path, line: line + 1, text: lines[line] ?? "" },
  };
};

const TMPFILES = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"].map(hostPath);
/** tmpfiles.d(5): the types that make a directory. */
const MAKES_DIRECTORY = /^[dDvqQ][+!=~^$-]*$/u;

/** Directories that systemd-tmpfiles makes at boot, with the line that says so. */
const tmpfilesRules = async (
  host: Host,
): Promise<readonly { readonly path: HostPath; readonly ref: FileRef }[]> => {
  const listed = await Promise.all(
    TMPFILES.map(async (directory) => {
      const names = await host.list(directory);
      return names.status === "present"
        ? names.value
            .filter((name) => name.endsWith(".conf"))
            .map((name) => hostPath(`${directory}/${name}`))
        : [];
    }),
  );
  const rules = await Promise.all(
    listed.flat().map(async (file) => {
      const text = await host.readText(file);
      return text.status !== "present"
        ? []
        : text.value.split("\n").flatMap((line, index) => {
            const [type, path] = line.trim().split(/\s+/u).map(unquoted);
            return type !== undefined && MAKES_DIRECTORY.test(type) && path?.startsWith("/")
              ? [
                  {
                    path: hostPath(path.replace(/(?<=.)\/+$/u, "")),
                    ref: { kind: "file", path: file, line: index + 1, text: line.trim() } as const,
                  },
                ]
              : [];
          });
    }),
  );
  return rules.flat();
};

const unquoted = (word: string): string =>
  word.replace(/^(?<quote>["'])(?<inner>.*)\k<quote>$/u, "$<inner>");
