import {
  collected,
  valueOf,
  type Collected,
  type CollectedEvidence,
  type LinkedRunners,
} from "../evidence/evidence.ts";
import type { FileRef, FileStat } from "../evidence/reference.ts";
import type { Hypervisor, Runner, SecretChannel } from "../evidence/runner.ts";
import type { PathComponent, PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { Repair } from "../rules/rule.ts";
import { hostPath, micros, type HostPath } from "../vocabulary.ts";

/** The evidence as it would lie after these repairs. Pure: nothing is tried on the host. */
export const afterRepairs = (
  evidence: CollectedEvidence,
  repairs: readonly Repair[],
): CollectedEvidence => repairs.reduce(afterRepair, evidence);

const afterRepair = (evidence: CollectedEvidence, repair: Repair): CollectedEvidence => {
  switch (repair.kind) {
    case "file-access":
      return {
        ...evidence,
        secretFiles: withWalk(evidence.secretFiles, repair.path, (walk) =>
          withFile(walk, accessOf(repair, evidence)),
        ),
      };
    case "file-made":
      return { ...evidence, secretFiles: withWalk(evidence.secretFiles, repair.path, made) };
    case "directory-passable":
      return { ...evidence, secretFiles: changed(evidence.secretFiles, passable(repair.path)) };
    case "credential-loaded":
      return { ...evidence, unit: changed(evidence.unit, loading(repair)) };
    case "credential-taken":
      return { ...evidence, runners: changed(evidence.runners, taking(repair, evidence)) };
    case "hypervisor-changed":
      return { ...evidence, runners: changed(evidence.runners, changingTo(repair.to)) };
    case "credential-handed-over":
      return { ...evidence, runners: changed(evidence.runners, handingOver(repair, evidence)) };
    case "secrets-shared":
      return {
        ...evidence,
        runners: changed(evidence.runners, sharing(repair)),
        // The runner that has the share also has the program that serves it.
        shares: changed(evidence.shares, ({ server, ...shares }) => ({
          ...shares,
          ...(server === undefined ? {} : { server: { kind: "file", path: server.path } }),
        })),
      };
    case "runner-linked":
      return withRunner(evidence, repair.runner);
    case "sandbox-opened":
      return { ...evidence, unit: changed(evidence.unit, (unit) => ({ ...unit, sandbox: [] })) };
    case "restarted":
    case "outside-model":
      return evidence;
  }
};

const changed = <T>(found: Collected<T>, change: (value: T) => T): Collected<T> =>
  found.status === "collected" ? collected(change(found.value)) : found;

const withWalk = (
  files: Collected<SecretFiles>,
  path: HostPath,
  change: (walk: PathWalk) => PathWalk,
): Collected<SecretFiles> =>
  changed(files, (value) => {
    const walk = value.walks.get(path);
    return walk === undefined
      ? value
      : { ...value, walks: new Map([...value.walks, [path, change(walk)]]) };
  });

const withFile = (walk: PathWalk, stat: Partial<FileStat>): PathWalk => {
  if (walk.file === undefined) return walk;
  // chmod(1) and a new owner leave no ACL of another user behind on a file that is installed anew.
  const file: PathComponent = { path: walk.file.path, stat: { ...walk.file.stat, ...stat } };
  return {
    ...walk,
    components: [...walk.components.slice(0, -1), file],
    file,
    ref: { kind: "file", path: file.path, stat: file.stat },
  };
};

const accessOf = (
  { owner, mode }: Extract<Repair, { kind: "file-access" }>,
  { identity }: CollectedEvidence,
): Partial<FileStat> => {
  const uid = owner === undefined ? undefined : valueOf(identity)?.users.get(owner)?.uid;
  return { ...(uid === undefined ? {} : { uid }), ...(mode === undefined ? {} : { mode }) };
};

/** A file of root, 0400, with content, in directories that everybody may pass: how installers of secrets leave it. */
const made = (walk: PathWalk): PathWalk => {
  if (walk.file !== undefined && walk.end === "present")
    return withFile(walk, { size: Math.max(1, walk.file.stat.size) });
  const stat: FileStat = {
    type: "file",
    mode: 0o400,
    uid: 0,
    gid: 0,
    size: 1,
    mtime: micros(0),
    ctime: micros(0),
  };
  const file = { path: walk.path, stat };
  return {
    path: walk.path,
    components: [...walk.components, file],
    end: "present",
    file,
    ref: { kind: "file", path: walk.path, stat },
  };
};

const EVERYBODY_PASSES = 0o011;

const passable =
  (directory: HostPath) =>
  (files: SecretFiles): SecretFiles => ({
    ...files,
    walks: new Map(
      [...files.walks].map(([path, walk]) => [
        path,
        {
          ...walk,
          components: walk.components.map((component) =>
            component.path === directory
              ? {
                  path: component.path,
                  stat: { ...component.stat, mode: component.stat.mode | EVERYBODY_PASSES },
                }
              : component,
          ),
        },
      ]),
    ),
  });

const loading =
  ({ id, source }: Extract<Repair, { kind: "credential-loaded" }>) =>
  (unit: VmUnit): VmUnit => ({
    ...unit,
    credentials: [
      // Written anew for the same secret, it stands in the place of the old line.
      ...unit.credentials.filter((one) => one.id !== id && one.source !== source),
      { id, source, encrypted: false, ref: unit.fragment },
    ],
  });

/** The path of systemd's copy stands where the file's stood. */
const taking =
  ({ id, source }: Extract<Repair, { kind: "credential-taken" }>, { unit }: CollectedEvidence) =>
  (runners: LinkedRunners): LinkedRunners =>
    withCurrent(runners, (runner) => {
      const copy = hostPath(`/run/credentials/${valueOf(unit)?.name ?? "UNIT"}/${id}`);
      const isRead = runner.reads.some(({ path }) => path === source);
      return {
        ...runner,
        reads: runner.reads.filter(({ path }) => path !== source),
        channels: runner.channels.map((channel) =>
          channel.kind === "fw-cfg-file" && channel.path === source
            ? { ...channel, path: copy }
            : channel,
        ),
        ...(isRead ? { credentialsDirectory: withCredential(runner, id) } : {}),
      };
    });

const withCredential = (
  { credentialsDirectory, ref }: Runner,
  id: string,
): NonNullable<Runner["credentialsDirectory"]> => ({
  ids: [...new Set([...(credentialsDirectory?.ids ?? []), id])],
  errorSwallowed: false,
  ref,
});

/** The default runner of another VMM has no channel but those that are then added. */
const changingTo =
  (hypervisor: Hypervisor) =>
  (runners: LinkedRunners): LinkedRunners =>
    withCurrent(runners, ({ directory, script, ref, size, guestName }) => ({
      ...(directory === undefined ? {} : { directory }),
      ...(guestName === undefined ? {} : { guestName }),
      script,
      ref,
      size,
      hypervisor,
      reads: [],
      channels: [],
      notifies: false,
    }));

/** The runner takes the credential, and no longer opens the file that it stands for. */
const handingOver =
  (
    { id, guestName }: Extract<Repair, { kind: "credential-handed-over" }>,
    { unit }: CollectedEvidence,
  ) =>
  (runners: LinkedRunners): LinkedRunners =>
    withCurrent(runners, (runner) => {
      const source = valueOf(unit)?.credentials.find((one) => one.id === id)?.source;
      return {
        ...runner,
        reads: runner.reads.filter(({ path }) => path !== source),
        channels: [
          ...runner.channels.filter((channel) => !carries(channel, guestName)),
          channelFor(runner, id, guestName, valueOf(unit)?.name ?? ""),
        ],
        credentialsDirectory: withCredential(runner, id),
      };
    });

const channelFor = (runner: Runner, id: string, name: string, unit: string): SecretChannel =>
  runner.hypervisor === "cloud-hypervisor"
    ? { kind: "oem-runtime", names: [name], ref: runner.ref }
    : {
        kind: "fw-cfg-file",
        name,
        path: hostPath(`/run/credentials/${unit}/${id}`),
        ref: runner.ref,
      };

const carries = (channel: SecretChannel, name: string): boolean =>
  ("name" in channel && channel.name === name) ||
  ("names" in channel && channel.names.includes(name));

const sharing =
  ({ source, secrets }: Extract<Repair, { kind: "secrets-shared" }>) =>
  (runners: LinkedRunners): LinkedRunners =>
    withCurrent(runners, (runner) => ({
      ...runner,
      reads: runner.reads.filter(
        ({ path }) => !secrets.includes(path.slice(path.lastIndexOf("/") + 1)),
      ),
      channels: [
        ...runner.channels,
        { kind: "share", protocol: "virtiofs", path: source, ref: runner.ref },
      ],
    }));

const withCurrent = (runners: LinkedRunners, change: (runner: Runner) => Runner): LinkedRunners =>
  runners.current === undefined ? runners : { ...runners, current: change(runners.current) };

/** `current` leads to a runner of the store. */
const withRunner = (evidence: CollectedEvidence, path: string): CollectedEvidence => {
  const stored = valueOf(evidence.store)?.runners.find((one) => one.path === path);
  if (stored === undefined) return evidence;
  return {
    ...evidence,
    runners: collected({ ...valueOf(evidence.runners), current: stored.runner }),
    state: changed(evidence.state, (state) => {
      const link: FileRef = { kind: "file", path: hostPath(`${state.path}/current`) };
      return {
        ...state,
        links: {
          ...state.links,
          current: { name: "current", hops: [link], end: "resolved", store: stored.path },
        },
      };
    }),
  };
};
