import type { LinkedRunners } from "../evidence/evidence.ts";
import type { EvidenceRef, JournalRef } from "../evidence/reference.ts";
import type { PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { Installation } from "../evidence/installation.ts";
import { hostPath, type HostPath, type InvocationId, type Micros } from "../vocabulary.ts";
import { environmentPaths } from "./environment-files.ts";
import type { History, Phase } from "./history.ts";
import { declaredAt, rootOf } from "./installer-runs.ts";
import { isSecretPlace } from "./secrets.ts";
import { meaningsIn } from "./starts.ts";

/** A file that somebody opens on this VM's behalf, and what the journal shows of it not being there. */
export interface WantedFile {
  readonly path: HostPath;
  readonly by: "systemd" | "environment" | "runner" | "hypervisor" | "share" | "journal";
  /** The line of the unit or runner that names it, or the journal's. */
  readonly ref: EvidenceRef;
  readonly walk: PathWalk | undefined;
  /** Starts that missed it, by the phase that they belong to; none for what is only foretold. */
  readonly misses: readonly Miss[];
}

/** What a start showed of a file that was not there. */
export interface Miss {
  readonly phase: Phase;
  readonly starts: readonly InvocationId[];
  readonly first: JournalRef;
  readonly last: JournalRef;
  /** errno says that there was no such file; a credential that systemd could not set up may have failed over something else. */
  readonly certain: boolean;
}

export interface WantedFilesInput {
  readonly unit?: VmUnit;
  readonly runners?: LinkedRunners;
  readonly secretFiles: SecretFiles;
  readonly history?: History;
}

/** Every file that the unit, the runner in force or a start wants, each path once. */
export const wantedFiles = ({
  unit,
  runners,
  secretFiles,
  history,
}: WantedFilesInput): readonly WantedFile[] => {
  const wanted = new Map<HostPath, WantedFile>();
  const add = (path: HostPath, by: WantedFile["by"], ref: EvidenceRef): void => {
    if (wanted.has(path)) return;
    wanted.set(path, {
      path,
      by,
      ref,
      walk: secretFiles.walks.get(path),
      misses: missesOf(path, by, history),
    });
  };
  for (const { source, ref } of unit?.credentials ?? [])
    if (source !== undefined) add(source, "systemd", ref);
  for (const { path, required, ref } of unit === undefined ? [] : environmentPaths(unit))
    if (required) add(path, "environment", ref);
  for (const { path, ref } of runners?.current?.reads ?? []) add(path, "runner", ref);
  for (const channel of runners?.current?.channels ?? []) {
    if (
      (channel.kind === "fw-cfg-file" || channel.kind === "smbios-argument") &&
      channel.path?.startsWith("/run/credentials/") === false
    )
      add(channel.path, "hypervisor", channel.ref);
    if (channel.kind === "share" && isSecretPlace(channel.path))
      add(channel.path, "share", channel.ref);
  }
  for (const { starts } of history?.phases ?? []) {
    for (const { meaning, ref } of starts.flatMap((start) => meaningsIn(start, "no-such-file")))
      if (isSecretPlace(meaning.path)) add(meaning.path, "journal", ref);
  }
  return [...wanted.values()];
};

const missesOf = (
  path: HostPath,
  by: WantedFile["by"],
  history: History | undefined,
): readonly Miss[] =>
  (history?.phases ?? []).flatMap((phase): readonly Miss[] => {
    const met = phase.starts.flatMap((start) => {
      const absent = meaningsIn(start, "no-such-file").filter(
        ({ meaning }) => meaning.path === path,
      );
      const unset =
        by === "systemd"
          ? start.spawnFailures.filter(
              ({ step, errno }) => step === "CREDENTIALS" && mayBeAbsence(errno),
            )
          : [];
      // systemd reads variables before it forks: a start without their file ends with this result and without a process.
      const unread =
        by === "environment" && start.result?.value === "resources" ? [start.result.ref] : [];
      return [
        ...unread.map((ref) => ({ start, ref, certain: false })),
        ...absent.map(({ ref }) => ({ start, ref, certain: true })),
        ...unset.map(({ ref, errno }) => ({ start, ref, certain: errno === NO_SUCH_FILE })),
      ];
    });
    const [first] = met;
    const last = met.at(-1);
    return first === undefined || last === undefined
      ? []
      : [
          {
            phase,
            starts: [...new Set(met.map(({ start }) => start.id))],
            first: first.ref,
            last: last.ref,
            certain: met.some(({ certain }) => certain),
          },
        ];
  });

const NO_SUCH_FILE = 2;
const PROTOCOL_ERROR = 71;

/** Up to systemd 258 every failure of a credential reads `Protocol error`; later ones say what it was. */
const mayBeAbsence = (errno: number | undefined): boolean =>
  errno === undefined || errno === NO_SUCH_FILE || errno === PROTOCOL_ERROR;

/** The path, and what it becomes behind each symlink on the way: a link of the host's own may lead into an installer's place. */
const placesOf = (path: HostPath, walk: PathWalk | undefined): readonly HostPath[] => {
  const links = new Map(
    (walk?.components ?? []).flatMap(({ path: at, stat }) =>
      stat.target === undefined ? [] : [[String(at), stat.target] as const],
    ),
  );
  const places: HostPath[] = [path];
  for (let here: string | undefined = path; here !== undefined;) {
    const parts: readonly string[] = here.split("/");
    const end = parts.findIndex((_, index) => links.has(parts.slice(0, index + 1).join("/")));
    const link = parts.slice(0, end + 1).join("/");
    const target = end < 0 ? undefined : links.get(link);
    links.delete(link);
    const ahead = [
      target?.startsWith("/") === true
        ? target
        : `${parts.slice(0, end).join("/")}/${target ?? ""}`,
      ...parts.slice(end + 1),
    ].join("/");
    here = target === undefined ? undefined : withoutParents(ahead);
    if (here !== undefined) places.push(hostPath(here));
  }
  return places;
};

/** `/etc/vm/../../run/x` is `/run/x`. */
const withoutParents = (path: string): string => {
  const parts: string[] = [];
  for (const part of path.split("/").filter((one) => one !== "" && one !== "."))
    if (part === "..") parts.pop();
    else parts.push(part);
  return `/${parts.join("/")}`;
};

/** Where an installer is to put it, by its declaration or its place; else where it is looked for. */
export const placeIn = (installation: Installation, { path, walk }: WantedFile): HostPath =>
  placesOf(path, walk).find(
    (place) =>
      declaredAt(installation, place) !== undefined || rootOf(installation, place) !== undefined,
  ) ?? path;

export const isMissing = ({ walk }: WantedFile): boolean =>
  walk?.end === "absent" || walk?.end === "loop";

/** Starts of all phases that missed it, and the newest phase among them. */
export const missed = ({
  misses,
}: WantedFile): { readonly starts: readonly InvocationId[]; readonly phase?: number } => {
  const last = misses.at(-1);
  return {
    starts: misses.flatMap(({ starts }) => starts),
    ...(last === undefined ? {} : { phase: last.phase.index }),
  };
};

/** When the file came to lie where it does: the newest of the links and directories that an installer makes, and of the file. */
export const appearedAt = ({ walk }: WantedFile): Micros | undefined => {
  if (walk?.end !== "present" || walk.file === undefined) return undefined;
  const times = [
    walk.file.stat.mtime,
    ...walk.components.filter(({ stat }) => stat.type === "symlink").map(({ stat }) => stat.mtime),
  ];
  return times.reduce((a, b) => (a > b ? a : b));
};
