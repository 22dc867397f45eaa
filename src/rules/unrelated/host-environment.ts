import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Invocation } from "../../evidence/journal.ts";
import { credentialFailures } from "../../facts/credential-failures.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

/** Steps of systemd.exec(5) that fail over the host and not over the VM, in words. */
const STEPS: Readonly<Record<string, string>> = {
  USER: "the user that the unit names does not exist",
  GROUP: "the group that the unit names does not exist",
  EXEC: "the program or its interpreter cannot be run",
  STATE_DIRECTORY: "a directory of systemd's own making could not be made",
  CGROUP: "the control group could not be entered",
};

export default defineRule({
  id: "unrelated/host-environment",
  severity: "error",
  part: "cause",
  docs: {
    what: "The host's own environment keeps the unit from starting: a missing user, a container that forbids what systemd needs.",
    why: "systemd fails before the runner, at a step that has nothing to do with a secret's file; in a container the mounts for credentials may be forbidden, and the words say only Protocol error.",
    proof:
      "The step that failed (USER, GROUP, EXEC), or a failed credential step in a container while every source is there.",
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
  requires: ["history"],
  optional: ["platform", "unit", "secretFiles", "state"],
  causes: ENDS_THE_START,
  *check({ history, platform, unit, secretFiles, state }) {
    const runnerIsThere = state?.links.current?.end === "resolved";
    const sources = (unit?.credentials ?? []).flatMap(({ source }) => source ?? []);
    const allThere =
      secretFiles !== undefined &&
      unit !== undefined &&
      credentialFailures({ unit, secretFiles, history }).verdicts.length === 0 &&
      sources.every((path) => secretFiles.walks.get(path)?.end === "present");
    for (const phase of history.phases) {
      for (const [step, what] of Object.entries(STEPS)) {
        if (step === "EXEC" && !runnerIsThere) continue;
        for (const trouble of troubleIn(history, phase, (start) => failuresAt(start, step))) {
          yield troubleObservation(trouble, {
            title: `systemd cannot set the process up: ${what}`,
            explanation: `The start fails at step ${step}: ${what}.`,
            subject: { step },
          });
        }
      }
      const container = platform?.container;
      if (container === undefined || !allThere || sources.length === 0) continue;
      for (const trouble of troubleIn(history, phase, (start) =>
        failuresAt(start, "CREDENTIALS"),
      )) {
        yield troubleObservation(trouble, {
          title: "systemd cannot set credentials up in this container",
          explanation: `The host is a container (${container.kind}), every source of a credential is there, and systemd fails at step CREDENTIALS: it may not make the mount that they need.`,
          certainty: "strong",
          subject: { step: "CREDENTIALS", container: container.kind },
          evidence: [container.ref satisfies EvidenceRef],
        });
      }
    }
  },
});

const failuresAt = (start: Invocation, step: string) =>
  start.spawnFailures.filter((failure) => failure.step === step).map(({ ref }) => ({ ref }));
