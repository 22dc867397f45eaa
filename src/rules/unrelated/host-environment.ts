import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Invocation } from "../../evidence/journal.ts";
import { credentialFailures } from "../../facts/credential-failures.ts";
import type { Knowledge } from "../../facts/facts.ts";
import { helperTroubles } from "../../facts/helper-failures.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { beforeGuest, troubleIn, troublesOf, type Sign } from "../../facts/vmm-troubles.ts";
import { defineRule, type Observation } from "../rule.ts";
import { giveDevice } from "../unrelated-remedies.ts";
import { ENDS_THE_START_OR_A_HELPER, troubleObservation } from "../vmm-trouble.ts";

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
  optional: ["platform", "unit", "secretFiles", "state", "runnerNeeds", "runners"],
  causes: ENDS_THE_START_OR_A_HELPER,
  *check(knowledge) {
    for (const step of Object.keys(STEPS)) yield* failuresOf(step, knowledge);
    yield* failedPrograms(knowledge);
    yield* forbiddenMounts(knowledge);
    yield* refusedDevices(knowledge);
  },
});

type Known = Pick<Knowledge, "history" | "vmJournal"> &
  Partial<
    Pick<Knowledge, "platform" | "unit" | "secretFiles" | "state" | "runnerNeeds" | "runners">
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
function* forbiddenMounts({ history, platform, unit, secretFiles }: Known): Iterable<Observation> {
  const container = platform?.container;
  const sources = (unit?.credentials ?? []).flatMap(({ source }) => source ?? []);
  if (container === undefined || secretFiles === undefined || sources.length === 0) return;
  if (!sources.every((path) => secretFiles.walks.get(path)?.end === "present")) return;
  // A file that is too large or cannot be opened fails everywhere.
  if (unit !== undefined && credentialFailures({ unit, secretFiles, history }).verdicts.length > 0)
    return;
  const words: EvidenceRef[] = [
    container.ref,
    ...sources.flatMap((path) => secretFiles.walks.get(path)?.ref ?? []),
  ];
  const place = `/run/credentials/${unit?.name ?? ""}`;
  // Of a directory systemd makes a credential for each file, and none under the id itself (systemd.exec(5)).
  const single = (unit?.credentials ?? []).filter(
    ({ source }) =>
      source === undefined || secretFiles.walks.get(source)?.file?.stat.type !== "directory",
  );
  const handed = new Set([place, ...single.map(({ id }) => `${place}/${id}`)]);
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
        explanation: `The host is a container (${container.kind}), every source of a credential is there, and systemd fails at step CREDENTIALS: it may not make the mount that they need.`,
        certainty: "strong",
        subject: { step: "CREDENTIALS", container: container.kind },
        evidence: words,
      });
    }
    const empty = troubleIn(history, phase, (start) =>
      beforeGuest(start, [
        ...meaningsIn(start, "no-such-file"),
        ...meaningsIn(start, "permission-denied"),
      ])
        .filter(({ meaning }) => handed.has(meaning.path))
        .map(({ ref }) => ({ ref })),
    );
    for (const trouble of empty) {
      yield troubleObservation(trouble, {
        title: "The credentials of the unit do not appear in this container",
        explanation: `The host is a container (${container.kind}), and every source of a credential is there. The unit was started all the same, and its process finds nothing in its credentials directory or may not enter it: the mount that would show them was not made.`,
        certainty: "strong",
        subject: { container: container.kind },
        evidence: words,
      });
    }
  }
}

const gotPast = (start: Invocation): boolean =>
  start.outputLines > 0 && failuresAt(start, "CREDENTIALS").length === 0;

const failuresAt = (start: Invocation, step: string): readonly Sign[] =>
  start.spawnFailures.filter((failure) => failure.step === step).map(({ ref }) => ({ ref }));
