import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { HostPath, InvocationId } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { readerOfUid, serviceReader } from "./readers.ts";
import { foreseenReads, foreseenShareReads, readAs, type Read, type ReadInput } from "./reads.ts";
import { isSecretPlace, type Secret } from "./secrets.ts";
import { meaningsIn } from "./starts.ts";

/** A secret that a service of the VM opens, with what the journal and the modes say of it. */
export interface UserRead extends Read {
  /** The phase whose starts tried it; the newest for a read that is only predicted. */
  readonly phase: Phase | undefined;
  readonly inForce: boolean;
  /** Starts in which the journal shows the read fail. */
  readonly starts: readonly InvocationId[];
  readonly denials: readonly JournalRef[];
  readonly absences: readonly JournalRef[];
}

export interface UserReadInput extends ReadInput {
  readonly history: History;
}

/** Every read as the unit's user: what the runner in force would do, and what the journal shows of earlier phases. */
export const userReads = (input: UserReadInput): readonly UserRead[] => {
  const { history, unit } = input;
  const foreseen = foreseenReads(input);
  const lastWithStarts = history.phases.findLast(({ starts }) => starts.length > 0);
  const named = new Set([
    ...foreseen.map(({ path }) => path),
    ...(unit?.credentials ?? []).flatMap(({ source }) => source ?? []),
  ]);
  const reads: UserRead[] = [];
  for (const phase of history.phases) {
    const inForce = phase === lastWithStarts && currentIsIn(phase);
    for (const [path, failure] of failuresIn(phase, named)) {
      const script = inForce ? foreseen.find((one) => one.path === path)?.script : undefined;
      reads.push({
        path,
        by: failure.byHypervisor ? "hypervisor" : "runner",
        phase,
        inForce,
        starts: failure.starts,
        denials: failure.denials,
        absences: failure.absences,
        ...(script === undefined ? {} : { script }),
        ...readAs(input, path, unit, whoFailed(input, failure)),
      });
    }
  }
  return [...reads, ...predicted(foreseen, reads, history)];
};

/** The same, and what the servers of shares would open. */
export const serviceReads = (
  input: UserReadInput,
  secrets: readonly Secret[],
  journal?: VmJournal,
): readonly UserRead[] => {
  const reads = userReads(input);
  const shared = predicted(foreseenShareReads(input, secrets), reads, input.history);
  const helpers = (journal?.helpers ?? []).filter(({ unit }) =>
    unit.startsWith("microvm-virtiofsd@"),
  );
  return [
    ...reads,
    ...shared.map((read) => {
      const failures = helpers.flatMap((helper) =>
        meaningsIn(helper, "permission-denied").filter(({ meaning }) => meaning.path === read.path),
      );
      return read.by === "share-server"
        ? { ...read, denials: failures.map(({ ref }) => ref), absences: endedOver(read, helpers) }
        : { ...read, ...missedBy(read, input.history) };
    }),
  ];
};

/** The server's newest start ended with an error while the directory was not there; one that hangs has another trouble. */
const endedOver = ({ walk }: Read, helpers: readonly Invocation[]): readonly JournalRef[] => {
  const newest = helpers.at(-1);
  return walk?.end === "absent" && newest?.result?.value === "exit-code"
    ? [newest.lastOutput ?? newest.result.ref]
    : [];
};

/** What the VMM says of a directory that it serves itself. */
const missedBy = ({ path }: Read, { phases }: History): Pick<UserRead, "absences" | "starts"> => {
  const met = (phases.findLast(({ starts }) => starts.length > 0)?.starts ?? []).flatMap((start) =>
    meaningsIn(start, "no-such-file")
      .filter(({ meaning }) => meaning.path === path)
      .map(({ ref }) => ({ start: start.id, ref })),
  );
  return { absences: met.map(({ ref }) => ref), starts: met.map(({ start }) => start) };
};

const predicted = (
  foreseen: readonly Read[],
  reads: readonly UserRead[],
  history: History,
): readonly UserRead[] =>
  foreseen
    .filter(({ path }) => !reads.some((read) => read.path === path && read.inForce))
    .map((read) => ({
      ...read,
      phase: history.phases.at(-1),
      inForce: true,
      starts: [],
      denials: [],
      absences: [],
    }));

/** Who reads: the process that was refused, by journald's word; else the user that the unit names. */
const whoFailed = ({ unit, identity }: UserReadInput, { denials, absences }: Failure) => {
  const named =
    unit === undefined || identity === undefined ? undefined : serviceReader(unit, identity);
  const uid = [...denials, ...absences][0]?.uid;
  return uid !== undefined && uid !== named?.uid ? readerOfUid(uid, identity) : named;
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
