import type { EvidenceRef } from "../../evidence/reference.ts";
import {
  joinedArguments,
  notLoaded,
  passedEmpty,
  replacedLists,
  unsetVariables,
  type NothingPassed,
} from "../../facts/nothing-passed.ts";
import { listed } from "../../facts/wording.ts";
import { LOST_ON_THE_WAY, scopeOfRunner } from "../handover-effects.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "hypervisor/empty-in-transit",
  severity: "error",
  part: "cause",
  docs: {
    what: "The source has bytes, the VMM was given none.",
    why: "Between the file and the VMM the value is lost: several credentials joined into one fw_cfg argument of which QEMU takes the last, a variable that nothing sets, a credential under another id than the unit loads, a read whose failure nobody sees. The VM starts well and its guest has nothing.",
    proof:
      "The line of the runner; or a command line in the journal in which nothing stands behind the credential's name; and the size of the source.",
    ruledOut:
      "The guest reports the credential with content from a start of this runner; or the source itself is empty.",
    confusedWith: [
      { id: "source/empty", tell: "There the file on the host has 0 bytes already." },
      {
        id: "runner/swallowed-read-error",
        tell: "There a read that failed is the cause, and this is what it leads to.",
      },
      {
        id: "credentials/configured-unused",
        tell: "There the runner has no use for the credential at all.",
      },
      {
        id: "hypervisor/not-expanded",
        tell: "There the VMM is given characters, only the wrong ones.",
      },
    ],
    repair:
      "One -fw_cfg for each credential; the id that the unit loads; assign, test that it is not empty, and only then start the VMM.",
    upstream: [
      {
        project: "microvm.nix",
        from: "2bb7e39 (2025-02-18)",
        until: "0a5cda8 (2025-08-13)",
        note: "credentialFiles with two entries or more were joined into one -fw_cfg argument (#394).",
      },
    ],
    sources: [
      "microvm.nix#394, lib/runners/qemu.nix",
      "QEMU util/qemu-option.c: the last of several values counts",
      "systemd.exec(5), $CREDENTIALS_DIRECTORY",
      "measured: QEMU 7.2 says nothing of it",
    ],
  },
  requires: ["runners", "secrets"],
  optional: ["unit", "history", "secretFiles"],
  causes: [
    LOST_ON_THE_WAY,
    { mechanism: "value-is-lost", effects: ["credentials/configured-unused"] },
    {
      mechanism: "failed-read-ends-the-runner",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
  ],
  *check(knowledge) {
    const { runners, history } = knowledge;
    const runner = runners.current;
    if (runner === undefined) return;
    const found = [
      ...joinedArguments(runner, knowledge),
      ...replacedLists(runner, knowledge),
      ...unsetVariables(runner, knowledge),
      ...notLoaded(runner, knowledge),
    ];
    const told = new Set(found.flatMap(({ names }) => names));
    const seen = passedEmpty(knowledge).filter(({ names }) => !names.some((one) => told.has(one)));
    for (const one of [...found, ...seen]) {
      const scope = scopeOfRunner(runner, history, one.secrets);
      yield {
        ...WORDS[one.how](one),
        certainty: one.certainty,
        subject: { credentials: one.names.join(" "), how: one.how },
        evidence: nonEmpty<EvidenceRef>(...one.refs),
        scope: {
          ...scope,
          starts: [...new Set([...(scope.starts ?? []), ...one.starts])],
          ...(one.paths.length === 0 ? {} : { paths: one.paths }),
        },
        remedies: [REMEDIES[one.how](one)],
      };
    }
  },
});

interface Words {
  readonly title: string;
  readonly explanation: string;
}

const WORDS: Readonly<Record<NothingPassed["how"], (one: NothingPassed) => Words>> = {
  joined: ({ names, kept }) => ({
    title: `${listed(names)} ${names.length === 1 ? "is" : "are"} lost in one argument with ${kept ?? "another credential"}`,
    explanation: `The runner puts several credentials into one -fw_cfg argument. QEMU takes the last name= and the last file= of an argument and says nothing of the others: ${listed(names)} never ${names.length === 1 ? "reaches" : "reach"} the guest. microvm.nix wrote it so from 2025-02 to 2025-08.`,
  }),
  replaced: ({ names }) => ({
    title: `The list of OEM strings with ${listed(names)} is replaced by a later one`,
    explanation: `The runner gives cloud-hypervisor oem_strings= twice in one --platform. It takes the last list and says nothing of the others: ${listed(names)} never ${names.length === 1 ? "reaches" : "reach"} the guest.`,
  }),
  unset: ({ names, variables = [] }) => ({
    title: `The value of ${listed(names)} is put together from ${listed(variables.map((name) => `$${name}`))}, which nothing sets`,
    explanation: `Neither the runner nor the unit's environment gives ${listed(variables.map((name) => `$${name}`))} a value. The shell puts nothing in its place, or ends the script there under set -u.`,
  }),
  "not-loaded": ({ names, loaded = [] }) => ({
    title: `The runner takes the credential ${listed(names)}, which the unit does not load`,
    explanation: `The runner reads ${listed(names)} from $CREDENTIALS_DIRECTORY. The unit hands over ${loaded.length === 0 ? "no credential" : listed(loaded)} and none of that name, so there is no such file.`,
  }),
  "passed-empty": ({ names, sourceBytes }) => ({
    title: `The VMM was given ${listed(names)} without a value`,
    explanation: `A command line in the journal has nothing behind the name of ${listed(names)}.${sourceBytes === undefined ? "" : ` The file on the host has ${sourceBytes} bytes.`} Between the two the value was lost, and nothing failed over it.`,
  }),
};

const REMEDIES: Readonly<Record<NothingPassed["how"], (one: NothingPassed) => Remedy>> = {
  joined: () => ({
    title: "Use a microvm.nix that gives each credential an argument of its own",
    kind: "command",
    snippet:
      "nix flake update microvm   # 0a5cda8 (2025-08-13) or later, then rebuild and restart the VM",
    clears: ["hypervisor/empty-in-transit"],
    leaves: [],
    cost: "A rebuild with a newer microvm.nix, and a restart of the VM.",
  }),
  replaced: () => ({
    title: "Put all strings into one list, the one that reports readiness among them",
    kind: "advice",
    snippet:
      '--platform "oem_strings=[io.systemd.credential:vmm.notify_socket=vsock-stream:2:8888,$strings]"',
    clears: ["hypervisor/empty-in-transit"],
    leaves: ["exposure/command-line"],
    cost: "A change of the runner, and a restart of the VM.",
  }),
  unset: ({ variables: [variable = "VALUE"] = [] }) => ({
    title: "Assign the variable before it is used, and stop where it is empty",
    kind: "advice",
    snippet: `${variable}=$(cat "$CREDENTIALS_DIRECTORY/name")\n: "\${${variable}:?is empty}"`,
    clears: ["hypervisor/empty-in-transit"],
    leaves: [],
    cost: "The VM then refuses to start instead of starting without its secret.",
  }),
  "not-loaded": ({ names: [name = "name"], loaded = [] }) => ({
    title: "Load it under the id that the runner takes",
    kind: "advice",
    snippet: `LoadCredential=${name}:/run/secrets/${name}${loaded.length === 0 ? "" : `   # or take ${loaded.join(", ")} in the runner`}`,
    clears: ["hypervisor/empty-in-transit"],
    leaves: [],
    cost: "A change of the unit on the host, or of the runner; then a restart.",
  }),
  "passed-empty": () => ({
    title: "Assign the value first, and stop where it is empty",
    kind: "advice",
    snippet: 'value=$(cat "$CREDENTIALS_DIRECTORY/name")\n: "${value:?is empty}"',
    clears: ["hypervisor/empty-in-transit", "runner/swallowed-read-error"],
    leaves: ["exposure/command-line"],
    cost: "The VM then refuses to start instead of starting without its secret.",
  }),
};
