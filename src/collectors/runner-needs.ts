import { collected, unavailable, type Collected } from "../evidence/evidence.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { Runner } from "../evidence/runner.ts";
import type { RunnerInterface, RunnerNeeds, StartedVmm, Volume } from "../evidence/runner-needs.ts";
import type { StateDirectory } from "../evidence/state-directory.ts";
import type { Host } from "../host/host.ts";
import { hostPath, type HostPath } from "../vocabulary.ts";
import { absentRef, fileRef, walkPath } from "./path-walk.ts";

/** Volumes, interfaces, interpreter and VMM of the runner in force (microvm.nix lib/volumes.nix, lib/runner.nix, interfaces.nix at 71beea0). */
export const collectRunnerNeeds = async (
  host: Host,
  runner: Runner | undefined,
  state: StateDirectory,
): Promise<Collected<RunnerNeeds>> => {
  if (runner === undefined)
    return unavailable("not-found", "there is no runner whose needs could be read");
  const script = await host.readText(runner.script);
  if (script.status !== "present")
    return unavailable("failed", `${runner.script} was not read: ${script.status}`);
  const own = linesOf(runner.script, script.value);
  const lines = [...own, ...(await configuredLines(host, own))];
  const [volumes, interfaces, interpreter] = await Promise.all([
    Promise.all(
      namedVolumes(lines, state.path).map(async ({ path, ref }): Promise<Volume> => ({
        path,
        ref,
        walk: await walkPath(host, path),
      })),
    ),
    declaredInterfaces(host, hostPath(`${state.path}/current`)),
    interpreterOf(host, script.value),
  ]);
  const vmm = vmmOf(lines);
  const metadata = lines.find(({ text }) => METADATA.test(text))?.ref;
  return collected({
    volumes,
    interfaces,
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(vmm === undefined ? {} : { vmm }),
    ...(metadata === undefined ? {} : { metadata }),
  });
};

interface Line {
  readonly text: string;
  readonly ref: FileRef;
}

const linesOf = (path: HostPath, text: string): readonly Line[] =>
  text.split("\n").map((line, index) => ({
    text: line,
    ref: { kind: "file", path, line: index + 1, text: shortened(line) },
  }));

/** firecracker takes its drives from a file of the store (lib/runners/firecracker.nix). */
const CONFIGURATION = /--config-file\s+['"]?(?<path>\/nix\/store\/[^\s'"]+)/u;

const configuredLines = async (host: Host, lines: readonly Line[]): Promise<readonly Line[]> => {
  const found = lines.flatMap(({ text }) => CONFIGURATION.exec(text)?.groups?.["path"] ?? []);
  const texts = await Promise.all(
    found.map(async (name) => {
      const text = await host.readText(hostPath(name));
      return text.status === "present" ? linesOf(hostPath(name), text.value) : [];
    }),
  );
  return texts.flat();
};

const MOST_QUOTED = 400;
const shortened = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length > MOST_QUOTED ? `${trimmed.slice(0, MOST_QUOTED)}...` : trimmed;
};

/** What makes an image, and what hands one to the VMM: -drive and -blockdev of QEMU, --disk and the like of others, a configuration. */
const MAKES =
  /\b(?:touch|truncate -s \S+|fallocate -l \S+|mkfs\.\w+ .*?)\s+'(?<path>[^']+)'\s*(?:\|\|.*)?$/u;
const TAKES =
  /-(?:drive|blockdev)\s+['"]?[^\s'"]*?\b(?:file|filename)=(?<drive>[^,\s'"]+)|--(?:disk|block|rwdisk|rwroot)\s+['"]?(?:[^\s'"]*?\bpath=)?(?<disk>[^,\s'"]+)|"path_on_host"\s*:\s*"(?<configured>[^"]+)"/gu;

/** In the order of the script, each once; a relative path lies in the state directory. What lies in the store is no volume. */
const namedVolumes = (
  lines: readonly Line[],
  directory: HostPath,
): readonly { readonly path: HostPath; readonly ref: FileRef }[] => {
  const found = new Map<HostPath, FileRef>();
  for (const { text, ref } of lines) {
    const named = [
      MAKES.exec(text)?.groups?.["path"],
      ...[...text.matchAll(TAKES)].map(
        ({ groups }) => groups?.["drive"] ?? groups?.["disk"] ?? groups?.["configured"],
      ),
    ];
    for (const name of named) {
      if (name === undefined || name.startsWith("/nix/store/") || /[$`{}]|^-/u.test(name)) continue;
      const path = hostPath(name.startsWith("/") ? name : `${directory}/${name}`);
      if (!found.has(path)) found.set(path, ref);
    }
  }
  return [...found].map(([path, ref]) => ({ path, ref }));
};

const INTERFACES = ["tap", "macvtap"] as const;

const declaredInterfaces = async (
  host: Host,
  runner: HostPath,
): Promise<readonly RunnerInterface[]> => {
  const found = await Promise.all(
    INTERFACES.map(async (type): Promise<readonly RunnerInterface[]> => {
      const file = hostPath(`${runner}/share/microvm/${type}-interfaces`);
      const program = hostPath(`${runner}/bin/${type}-up`);
      const [text, stat] = await Promise.all([host.readText(file), host.lstat(program)]);
      if (text.status !== "present" || (stat.status !== "present" && stat.status !== "absent"))
        return [];
      const ref = stat.status === "present" ? fileRef(program, stat.value) : absentRef(program);
      return text.value.split("\n").flatMap((line, index) => {
        const [name] = line.trim().split(/\s+/u);
        return name === undefined || name === ""
          ? []
          : [
              {
                name,
                type,
                ref: { kind: "file", path: file, line: index + 1, text: line.trim() },
                program: ref,
              } as const,
            ];
      });
    }),
  );
  return found.flat();
};

const interpreterOf = async (host: Host, script: string): Promise<FileRef | undefined> => {
  const named = /^#!\s*(?<path>\/\S+)/u.exec(script)?.groups?.["path"];
  if (named === undefined) return undefined;
  const path = hostPath(named);
  const walk = await walkPath(host, path);
  if (walk.end === "absent") return absentRef(path);
  return walk.file === undefined || walk.end !== "present"
    ? undefined
    : fileRef(path, walk.file.stat);
};

/** `mmds-config` of firecracker's configuration, or its --metadata. */
const METADATA = /\bmmds\b|\s--metadata\b/u;

const VMM =
  /\/nix\/store\/\w{32}-(?<name>qemu|cloud-hypervisor|firecracker|crosvm|kvmtool|stratovirt|alioth)[\w-]*?-(?<version>\d[\w.]*)[^\s/]*\/bin\//u;

const vmmOf = (lines: readonly Line[]): StartedVmm | undefined => {
  for (const { text, ref } of lines) {
    const { name, version } = VMM.exec(text)?.groups ?? {};
    if (name !== undefined && version !== undefined) return { name, version, ref };
  }
  return undefined;
};
