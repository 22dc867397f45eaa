import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Invocation } from "../../evidence/journal.ts";
import { credentialFailures } from "../../facts/credential-failures.ts";
import type { Knowledge } from "../../facts/facts.ts";
import { emptyReports, type EmptyReport } from "../../facts/guest-reports.ts";
import { helperTroubles } from "../../facts/helper-failures.ts";
import { namesOfGuest, type Secret } from "../../facts/secrets.ts";
import { unseenCredentials } from "../../facts/unseen-credentials.ts";
import { troubleIn, troublesOf, type Sign, type Trouble } from "../../facts/vmm-troubles.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { giveDevice } from "../unrelated-remedies.ts";
import {
  ENDS_THE_START_OR_A_HELPER,
  troubleObservation,
  type TroubleWords,
} from "../vmm-trouble.ts";

/** Steps of systemd.exec(5), PROCESS EXIT CODES, that fail over the host and not over the VM, in words. */
const STEPS: Readonly<Record<string, string>> = {
  USER: "the user that the unit names does not exist",
  GROUP: "the group that the unit names does not exist",
  NAMESPACE: "a path that the unit's sandbox names is missing, or the mounts for it are forbidden",
  STDIN: "its standard input could not be opened",
  STDOUT: "its standard output could not be opened",
  STDERR: "its standard error could not be opened",
  LIMITS: "a resource limit could not be set",
  CAPABILITIES: "its capabilities could not be set",
  CGROUP: "the control group could not be entered",
  SECCOMP: "its filter of system calls could not be loaded",
  NETWORK: "its network namespace could not be set up",
  RUNTIME_DIRECTORY: "a directory of systemd's own making could not be made",
  STATE_DIRECTORY: "a directory of systemd's own making could not be made",
  CACHE_DIRECTORY: "a directory of systemd's own making could not be made",
  LOGS_DIRECTORY: "a directory of systemd's own making could not be made",
};

export default defineRule({
  id: "unrelated/host-environment",
  severity: "error",
  part: "cause",
  docs: {
    what: "The host's own environment keeps the unit from starting: a missing user, a container that forbids what systemd needs, a device that may not be passed through.",
    why: "systemd fails before the runner, at a step that has nothing to do with a secret's file; in a container the mounts for credentials may be forbidden, and the words say only Protocol error.",
    proof:
      "The step that failed (USER, GROUP, NAMESPACE, EXEC and others), in the VM's starts or in those of a helper unit; the VMM's line about a device of the host (vfio, io_uring) with the errno; in a container, a failed credential step or an empty credentials directory while every source is there.",
    ruledOut: "A source of a credential that is missing, too large or cannot be decrypted.",
    confusedWith: [
      {
        id: "credentials/source-missing",
        tell: "There the file is missing; here every file is there.",
      },
      {
        id: "runner/missing",
        tell: "There `current` leads to nothing, which fails at step EXEC as well.",
      },
    ],
    repair:
      "Switch the host so that the user exists; let the container mount ramfs or tmpfs (nesting), or hand the secret over without systemd's credentials.",
    upstream: [
      {
        project: "systemd",
        from: "254",
        note: "Credentials need mounts that container hosts may refuse; older versions fell back to a plain directory more often.",
      },
    ],
    sources: [
      "systemd.exec(5), PROCESS EXIT CODES",
      "nixpkgs#258371",
      "recordings of systemd 252, 257 and 262",
    ],
  },
  requires: ["history", "vmJournal"],
  optional: ["platform", "unit", "secretFiles", "state", "runnerNeeds", "runners", "secrets"],
  causes: [
    ...ENDS_THE_START_OR_A_HELPER,
    {
      mechanism: "error-is-swallowed",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check(knowledge) {
    for (const step of Object.keys(STEPS)) yield* failuresOf(step, knowledge);
    yield* failedPrograms(knowledge);
    yield* forbiddenMounts(knowledge);
    yield* refusedDevices(knowledge);
  },
});

type Known = Pick<Knowledge, "history" | "vmJournal"> &
  Partial<
    Pick<
      Knowledge,
      "platform" | "unit" | "secretFiles" | "state" | "runnerNeeds" | "runners" | "secrets"
    >
  >;

function* failuresOf(step: string, { history, vmJournal }: Known): Iterable<Observation> {
  const what = STEPS[step] ?? step;
  const signs = (start: Invocation): readonly Sign[] => failuresAt(start, step);
  const troubles = [
    ...history.phases.flatMap((phase) => troubleIn(history, phase, signs)),
    ...helperTroubles({ history, vmJournal }, signs),
  ];
  for (const trouble of troubles) {
    yield troubleObservation(trouble, {
      title: `systemd cannot set the process up: ${what}`,
      explanation: `The start fails at step ${step}: ${what}.`,
      subject: { step },
    });
  }
}

/** A device that is passed through, or the kernel's io_uring: nothing of it has to do with a secret. */
function* refusedDevices({ history }: Known): Iterable<Observation> {
  for (const trouble of troublesOf(history, "device")) {
    const what = trouble.object ?? "a device of the host";
    yield troubleObservation(trouble, {
      title: `The VMM may not use ${what}`,
      explanation: `The runner asks for ${what}, and the host refuses it or has none.`,
      subject: { device: what },
      remedies: giveDevice(trouble),
    });
  }
}

/** A runner that is there and cannot be run: its interpreter is missing outside of the store, or it may not be executed. */
function* failedPrograms({ history, state, runners, runnerNeeds }: Known): Iterable<Observation> {
  if (state?.links.current?.end !== "resolved" || runners?.current === undefined) return;
  const interpreter = runnerNeeds?.interpreter;
  // What is gone from the store is told by runner/missing.
  if (interpreter?.absent === true && interpreter.path.startsWith("/nix/store/")) return;
  const missing = interpreter?.absent === true;
  for (const phase of history.phases) {
    for (const trouble of troubleIn(history, phase, (start) => failuresAt(start, "EXEC"))) {
      yield troubleObservation(trouble, {
        title: missing
          ? `The runner's interpreter ${interpreter.path} does not exist`
          : "systemd cannot execute the runner",
        explanation: missing
          ? `The first line of the runner asks for ${interpreter.path}, which this host does not have.`
          : "The runner is there, and its execution fails: its mode, the mount that it lies on, or its interpreter forbids it.",
        subject: { step: "EXEC" },
        evidence: [runners.current.ref, ...(interpreter === undefined ? [] : [interpreter])],
      });
    }
  }
}

/**
 * In a container systemd may be forbidden to mount what holds the credentials. Then it fails at that step although every source is there,
 * or goes on, and the unit finds nothing in its directory.
 */
function* forbiddenMounts({
  history,
  platform,
  unit,
  secretFiles,
  secrets = [],
}: Known): Iterable<Observation> {
  const container = platform?.container;
  if (container === undefined || secretFiles === undefined || unit === undefined) return;
  const sources = unit.credentials.flatMap(({ source }) => source ?? []);
  if (sources.length === 0) return;
  if (!sources.every((path) => secretFiles.walks.get(path)?.end === "present")) return;
  // A file that is too large or cannot be opened fails everywhere.
  if (credentialFailures({ unit, secretFiles, history }).verdicts.length > 0) return;
  const words: EvidenceRef[] = [
    container.ref,
    ...sources.flatMap((path) => secretFiles.walks.get(path)?.ref ?? []),
  ];
  const passed = new Set(
    history.phases.flatMap(({ starts }) => starts.filter(gotPast).map(({ boot }) => boot)),
  );
  for (const phase of history.phases) {
    // Where another start of the same boot got past that step, nothing forbids the mount.
    const failed = troubleIn(history, phase, (start) =>
      passed.has(start.boot) ? [] : failuresAt(start, "CREDENTIALS"),
    );
    for (const trouble of failed) {
      yield troubleObservation(trouble, {
        title: "systemd cannot set credentials up in this container",
        explanation: `The host is ${named(container.kind)}, every source of a credential is there, and systemd fails at step CREDENTIALS: it may not make the mount that they need.`,
        certainty: "strong",
        subject: { step: "CREDENTIALS", container: container.kind },
        evidence: words,
      });
    }
    const unseen = troubleIn(history, phase, (start) =>
      unseenCredentials(start, { unit, secretFiles }),
    );
    for (const trouble of unseen) {
      const told: TroubleWords = {
        title: "The credentials of the unit do not appear in this container",
        explanation: `The host is ${named(container.kind)}, and every source of a credential is there. The unit was started all the same, and its process finds nothing in its credentials directory or may not enter it: the mount that would show them was not made.`,
        certainty: "strong",
        subject: { container: container.kind },
        evidence: words,
      };
      const lacking = emptyReports(history).find(
        (report) =>
          report.phase === phase && report.starts.some(({ id }) => trouble.starts.includes(id)),
      );
      yield lacking === undefined
        ? troubleObservation(trouble, told)
        : wentOnWithout(trouble, told, { lacking, secrets });
    }
  }
}

const gotPast = (start: Invocation): boolean =>
  start.outputLines > 0 && failuresAt(start, "CREDENTIALS").length === 0;

/** Its file alone says that it is one, and not of which kind. */
const named = (kind: string): string =>
  kind === "container" ? "a container" : `a container (${kind})`;

/** The runner did not end with it, and its guest lacks what it was to get: the VM runs, and got over nothing. */
const wentOnWithout = (
  { phase, starts, first }: Trouble,
  { title, explanation, certainty = "strong", subject, evidence = [] }: TroubleWords,
  { lacking, secrets }: { readonly lacking: EmptyReport; readonly secrets: readonly Secret[] },
): Observation => ({
  title,
  explanation: `${explanation} The runner went on without them, and the guest lacks ${listed(lacking.names)}.`,
  certainty,
  subject,
  evidence: nonEmpty<EvidenceRef>(
    first,
    ...[...lacking.zeroes, ...lacking.missing].slice(0, 1),
    ...evidence,
  ),
  scope: {
    ...(phase === undefined ? {} : { phase: phase.index }),
    starts,
    secrets: namesOfGuest(secrets, lacking.names),
    inForce: lacking.inForce,
  },
});

const failuresAt = (start: Invocation, step: string): readonly Sign[] =>
  start.spawnFailures.filter((failure) => failure.step === step).map(({ ref }) => ({ ref }));
