import type { LinkedRunners } from "../evidence/evidence.ts";
import type { HostIdentity } from "../evidence/host-identity.ts";
import type { FileRef } from "../evidence/reference.ts";
import type { PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { SandboxSetting, ServiceSettings, VmUnit } from "../evidence/unit.ts";
import type { HostPath } from "../vocabulary.ts";
import { accessTo, type Access, type Reader } from "./access.ts";
import { pathsReadAsUser, sharesSecrets } from "./handover.ts";
import { serviceReader } from "./readers.ts";
import { viewOf, type View } from "./sandbox.ts";
import type { Secret } from "./secrets.ts";

/** The runner's script, the VMM that it starts, or virtiofsd in a unit of its own. */
export type ReadingProgram = "runner" | "hypervisor" | "share-server";

/** What a process of a service gets when it opens a path: the modes are asked inside of the service's own view. */
export type ServiceAccess =
  | Access
  | Extract<View, { readonly status: "hidden" }>
  /** Something lies over the path that was not looked at. */
  | { readonly status: "unclear"; readonly setting: SandboxSetting; readonly why: string };

/** One way on which a service opens a secret, and whether it may. */
export interface Read {
  readonly path: HostPath;
  readonly by: ReadingProgram;
  /** The line of a script, or of the runner, that says so. */
  readonly script?: FileRef;
  /** The unit whose process reads. */
  readonly service?: ServiceSettings;
  readonly walk?: PathWalk;
  readonly reader?: Reader;
  /** What the reader meets, with the sandbox and the user namespace of its unit. */
  readonly access: ServiceAccess;
  /** What modes, owners and access lists alone say to these ids. */
  readonly modes: Access;
}

export interface ReadInput {
  readonly secretFiles: SecretFiles;
  readonly unit?: VmUnit;
  readonly identity?: HostIdentity;
  readonly runners?: LinkedRunners;
}

/** What the script and the VMM of the runner in force will open as the unit's user. */
export const foreseenReads = (input: ReadInput): readonly Read[] => {
  const { unit, runners } = input;
  return runners?.current === undefined
    ? []
    : pathsReadAsUser(runners.current).map(({ path, ref, by }) => ({
        path,
        by,
        script: ref,
        ...readAs(input, path, unit, readerOf(unit, input)),
      }));
};

/**
 * What the servers of shares will open: QEMU serves 9p itself, as the unit's user; virtiofsd is a unit of its own, without User= as root
 * (microvm.nix 71beea0, nixos-modules/host/default.nix). Only shares that hold secrets.
 */
export const foreseenShareReads = (input: ReadInput, secrets: readonly Secret[]): readonly Read[] =>
  (input.runners?.current?.channels ?? []).flatMap((channel): readonly Read[] => {
    if (channel.kind !== "share" || !sharesSecrets(channel.path, secrets)) return [];
    const service = channel.protocol === "9p" ? input.unit : input.unit?.shareServer;
    if (service === undefined) return [];
    const by = channel.protocol === "9p" ? "hypervisor" : "share-server";
    const reader = readerOf(service, input);
    const read = (path: HostPath): Read => ({
      path,
      by,
      script: channel.ref,
      ...readAs(input, path, service, reader),
    });
    const files = secrets
      .flatMap(({ paths }) => paths)
      .filter((path) => path.startsWith(`${channel.path}/`) && input.secretFiles.walks.has(path))
      .map(read);
    return [
      ...(files.length === 0 ? [read(channel.path)] : directoryOf(read(channel.path))),
      ...files,
    ];
  });

/** The directory itself is told where only its own list may not be read: one that cannot be passed shows at the files in it. */
const directoryOf = (read: Read): readonly Read[] =>
  read.modes.status === "denied" && read.modes.need === "read" ? [read] : [];

/** What the modes say; a shared directory that cannot be passed either is told as such. */
const modesOf = (walk: PathWalk, reader: Reader, files: SecretFiles): Access => {
  const access = accessTo(walk, reader, files);
  if (access.status !== "denied" || access.at.stat.type !== "directory") return access;
  const passing = accessTo({ ...walk, end: "absent" }, reader, files);
  return passing.status === "denied" ? passing : access;
};

const readerOf = (
  service: ServiceSettings | undefined,
  { identity }: ReadInput,
): Reader | undefined =>
  service === undefined || identity === undefined ? undefined : serviceReader(service, identity);

/** What this reader meets at a path, in a process of that service. */
export const readAs = (
  { secretFiles }: ReadInput,
  path: HostPath,
  service: ServiceSettings | undefined,
  reader: Reader | undefined,
): Pick<Read, "access" | "modes" | "reader" | "service" | "walk"> => {
  const walk = secretFiles.walks.get(path);
  const known = {
    ...(service === undefined ? {} : { service }),
    ...(walk === undefined ? {} : { walk }),
    ...(reader === undefined ? {} : { reader }),
  };
  if (walk === undefined || reader === undefined) {
    const why =
      walk === undefined
        ? "the path was not looked at"
        : "it is not known as which user the program works";
    const unknown = { status: "unknown", why } as const;
    const access = walk === undefined ? unknown : (hiddenIn(service, walk, secretFiles) ?? unknown);
    return { ...known, access, modes: unknown };
  }
  const { mapped: _mapped, ...onHost } = reader;
  const view =
    service === undefined ? undefined : viewOf(service, walk, { reader, files: secretFiles });
  const seen = view?.status === "visible" ? view.walk : walk;
  const modes = modesOf(seen, onHost, secretFiles);
  switch (view?.status) {
    case "hidden":
      return { ...known, access: view, modes };
    case "unknown":
      return { ...known, access: { ...view, status: "unclear" }, modes };
    case "visible":
    case undefined:
      return { ...known, access: modesOf(seen, reader, secretFiles), modes };
  }
};

/** What is hidden is hidden from everybody. */
const hiddenIn = (
  service: ServiceSettings | undefined,
  walk: PathWalk,
  files: SecretFiles,
): ServiceAccess | undefined => {
  const view = service === undefined ? undefined : viewOf(service, walk, { files });
  return view?.status === "hidden" ? view : undefined;
};
