import type { LinkedRunners } from "../evidence/evidence.ts";
import type { HostIdentity } from "../evidence/host-identity.ts";
import type { FileRef, JournalRef } from "../evidence/reference.ts";
import type { PathWalk, SecretFiles } from "../evidence/secret-files.ts";
import type { VmUnit } from "../evidence/unit.ts";
import type { HostPath, InvocationId } from "../vocabulary.ts";
import { accessTo, type Access, type Reader } from "./access.ts";
import { pathsReadAsUser } from "./handover.ts";
import type { History, Phase } from "./history.ts";
import { readerOfUid, serviceReader } from "./readers.ts";
import { isSecretPlace } from "./secrets.ts";
import { meaningsIn } from "./starts.ts";

/** A file that the runner or the VMM opens as the unit's user, with what the journal and the modes say of it. */
export interface UserRead {
  readonly path: HostPath;
  readonly by: "runner" | "hypervisor";
  /** The phase whose starts tried it; the newest for a read that is only predicted. */
  readonly phase: Phase | undefined;
  readonly inForce: boolean;
  /** Starts in which the journal shows the read fail. */
  readonly starts: readonly InvocationId[];
  readonly denials: readonly JournalRef[];
  readonly absences: readonly JournalRef[];
  /** The line of a script that reads it, where one is known. */
  readonly script?: FileRef;
  readonly walk?: PathWalk;
  readonly reader?: Reader;
  readonly access: Access;
}

export interface UserReadInput {
  readonly history: History;
  readonly secretFiles: SecretFiles;
  readonly unit?: VmUnit;
  readonly identity?: HostIdentity;
  readonly runners?: LinkedRunners;
}

/** Every read as the unit's user: what the runner in force would do, and what the journal shows of earlier phases. */
export const userReads = (input: UserReadInput): readonly UserRead[] => {
  const { history, secretFiles, runners } = input;
  const scripted = runners?.current === undefined ? [] : pathsReadAsUser(runners.current);
  const lastWithStarts = history.phases.findLast(({ starts }) => starts.length > 0);
  const named = new Set([
    ...scripted.map(({ path }) => path),
    ...(input.unit?.credentials ?? []).flatMap(({ source }) => source ?? []),
  ]);
  const reads: UserRead[] = [];
  for (const phase of history.phases) {
    const inForce = phase === lastWithStarts && currentIsIn(phase);
    for (const [path, failure] of failuresIn(phase, named)) {
      const script = inForce ? scripted.find((one) => one.path === path) : undefined;
      reads.push({
        path,
        by: failure.byHypervisor ? "hypervisor" : "runner",
        phase,
        inForce,
        starts: failure.starts,
        denials: failure.denials,
        absences: failure.absences,
        ...(script === undefined ? {} : { script: script.ref }),
        ...accessIn(input, secretFiles.walks.get(path), failure.denials[0]),
      });
    }
  }
  for (const { path, ref, by } of scripted) {
    if (reads.some((read) => read.path === path && read.inForce)) continue;
    reads.push({
      path,
      by,
      phase: history.phases.at(-1),
      inForce: true,
      starts: [],
      denials: [],
      absences: [],
      script: ref,
      ...accessIn(input, secretFiles.walks.get(path), undefined),
    });
  }
  return reads;
};

/** Who reads: the process that was refused, by journald's word; else the user that the unit names. */
const accessIn = (
  { unit, identity }: UserReadInput,
  walk: PathWalk | undefined,
  denial: JournalRef | undefined,
): Pick<UserRead, "access" | "reader" | "walk"> => {
  const named =
    unit === undefined || identity === undefined ? undefined : serviceReader(unit, identity);
  const reader =
    denial?.uid !== undefined && denial.uid !== named?.uid
      ? readerOfUid(denial.uid, identity)
      : named;
  return {
    ...(walk === undefined ? {} : { walk }),
    ...(reader === undefined ? {} : { reader }),
    access: accessOf(walk, reader),
  };
};

const accessOf = (walk: PathWalk | undefined, reader: Reader | undefined): Access => {
  if (walk === undefined) return { status: "unknown", why: "the path was not looked at" };
  return reader === undefined
    ? { status: "unknown", why: "it is not known as which user the runner works" }
    : accessTo(walk, reader);
};

/** The phase ran the runner that stands now, or the one that the next start would take is the same story. */
const currentIsIn = (phase: Phase): boolean => phase.end === undefined || phase.kind === "failing";

interface Failure {
  readonly starts: InvocationId[];
  readonly denials: JournalRef[];
  readonly absences: JournalRef[];
  byHypervisor: boolean;
}

const failuresIn = (phase: Phase, named: ReadonlySet<HostPath>): ReadonlyMap<HostPath, Failure> => {
  const failures = new Map<HostPath, Failure>();
  for (const start of phase.starts) {
    for (const kind of ["permission-denied", "no-such-file"] as const) {
      for (const { meaning, ref } of meaningsIn(start, kind)) {
        if (!mayBeSecret(meaning.path, named)) continue;
        const failure = failures.get(meaning.path) ?? {
          starts: [],
          denials: [],
          absences: [],
          byHypervisor: false,
        };
        failure.starts.push(start.id);
        (kind === "permission-denied" ? failure.denials : failure.absences).push(ref);
        if (/-fw_cfg|-smbios|fsdev/u.test(ref.text)) failure.byHypervisor = true;
        failures.set(meaning.path, failure);
      }
    }
  }
  return failures;
};

/** Devices, sockets and working directories fail for reasons of their own: a secret lies where secrets do, or has a name that says so. */
const mayBeSecret = (path: HostPath, named: ReadonlySet<HostPath>): boolean =>
  !/^\/(?:dev|proc|sys|nix\/store|run\/credentials|run\/user)\/|\.(?:sock|img|qcow2)$/u.test(
    path,
  ) &&
  (named.has(path) ||
    isSecretPlace(path) ||
    SECRET_NAME.test(path.slice(path.lastIndexOf("/") + 1)));

const SECRET_NAME = /key|token|secret|passw|passphrase|cred|cert|jwt|psk|\.age$|\.env$|\.pem$/iu;
