import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { listed } from "../../facts/wording.ts";
import { ENDS_THE_SETUP } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

export default defineRule({
  id: "credentials/timeout",
  severity: "error",
  part: "cause",
  docs: {
    what: "Setting the credentials up outlasted the start timeout.",
    why: "A credential whose source is a socket waits for whoever serves it. No process of the unit runs meanwhile, and the start ends with a timeout that looks like one of the VM's own.",
    proof:
      "A start that timed out without a word of the unit, and a source that is a socket or a fifo.",
    ruledOut: "The unit said something in that start, or every source is a plain file.",
    confusedWith: [
      { id: "unrelated/start-timeout", tell: "There the VMM or the guest was at work." },
      { id: "credentials/source-missing", tell: "There the start fails at once." },
    ],
    repair: "Start the provider behind the socket before the VM, or let it write a file.",
    sources: [
      "systemd.exec(5), LoadCredential=: AF_UNIX sockets",
      "systemd.service(5), TimeoutStartSec=",
    ],
  },
  requires: ["unit", "history", "secretFiles", "secrets"],
  causes: ENDS_THE_SETUP,
  *check({ unit, history, secretFiles, secrets }) {
    const waiting = unit.credentials.filter(({ source }) => {
      const type =
        source === undefined ? undefined : secretFiles.walks.get(source)?.file?.stat.type;
      return type === "socket" || type === "fifo";
    });
    if (waiting.length === 0) return;
    const paths = waiting.flatMap(({ source }) => source ?? []);
    for (const phase of history.phases) {
      for (const trouble of troubleIn(history, phase, silentTimeouts)) {
        yield {
          title: `systemd waited in vain for ${listed(waiting.map(({ id }) => id))}`,
          explanation: `The start ended by its timeout before any process of the unit ran. ${listed(paths)} ${paths.length === 1 ? "is a socket" : "are sockets"}: systemd waits there for whoever answers.`,
          certainty: "strong",
          ...(trouble.standing === "over" ? { severity: "info" as const } : {}),
          subject: { path: paths[0] ?? "" },
          evidence: nonEmpty<EvidenceRef>(
            trouble.last,
            ...waiting.map(({ ref }) => ref),
            ...paths.flatMap((path) => secretFiles.walks.get(path)?.ref ?? []),
          ),
          scope: {
            phase: phase.index,
            starts: trouble.starts,
            paths,
            secrets: secretNames({ secrets }, paths),
            inForce: trouble.standing === "down",
          },
        };
      }
    }
  },
});

const silentTimeouts = (start: Invocation) => {
  if (start.outputLines > 0 || start.stopping !== undefined) return [];
  if (start.failedStart?.result === "timeout") return [{ ref: start.failedStart.ref }];
  return start.result?.value === "timeout" ? [{ ref: start.result.ref }] : [];
};
