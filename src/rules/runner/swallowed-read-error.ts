import type { EvidenceRef } from "../../evidence/reference.ts";
import { userReads } from "../../facts/denied-reads.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, scopeOf } from "../scope.ts";

export default defineRule({
  id: "runner/swallowed-read-error",
  severity: "error",
  part: "cause",
  docs: {
    what: "A failed read does not stop the runner; the VM starts with an empty value.",
    why: "bash ends on a failed `X=$(cat f)` under set -e, but not on `export X=$(cat f)`, not behind `||`, and not for a substitution inside another command's words. The guest then gets a credential of 0 bytes and everything looks well.",
    proof:
      "The line of the script and the failed read in a start that went on; or the line and a file that cannot be read.",
    ruledOut:
      "The read succeeds, or the script ends with it: a plain assignment under `set -e` does.",
    confusedWith: [
      {
        id: "source/empty",
        tell: "There the read succeeds and there is nothing in the file.",
      },
      {
        id: "access/file-mode",
        tell: "That is why the read fails. This one is why nobody noticed.",
      },
      {
        id: "hypervisor/not-expanded",
        tell: "There the guest gets the words of the command in place of its output: nothing was read at all.",
      },
    ],
    repair:
      "Assign first, export later, and test that the value is not empty before the VMM starts; and repair the read itself.",
    sources: ["bash(1), set -e", "POSIX.1-2024, 2.8.1"],
  },
  requires: ["history", "secretFiles", "secrets"],
  optional: ["unit", "identity", "runners"],
  causes: [
    {
      mechanism: "error-is-swallowed",
      effects: ["hypervisor/empty-in-transit", "guest/empty-credential"],
    },
  ],
  *check(knowledge) {
    const { runners, history, secrets } = knowledge;
    const swallowing = new Map(
      (runners?.current?.reads ?? [])
        .filter(({ errorSwallowed }) => errorSwallowed)
        .map((read) => [read.path, read.ref]),
    );
    const ready = new Set(history.readyStarts.map(({ id }) => id));
    for (const read of userReads(knowledge)) {
      const line = read.inForce ? swallowing.get(read.path) : undefined;
      const failures = [...read.denials, ...read.absences];
      const wentOn = read.starts.filter((start) => ready.has(start));
      const fails = read.access.status === "denied" || read.walk?.end === "absent";
      if (wentOn.length === 0 && (line === undefined || !fails)) continue;
      const [seen] = [...(line === undefined ? [] : [line]), ...failures];
      if (seen === undefined) continue;
      yield {
        title: `The read of ${read.path} fails, and the VM starts all the same`,
        explanation:
          `${line === undefined ? "The journal shows the failed read in a start that went on to a running guest" : "The script goes on when this read fails"}, ` +
          `so the guest gets an empty value in place of an error that somebody would see.`,
        certainty: wentOn.length > 0 ? "proven" : "strong",
        subject: {
          path: read.path,
          ...(line === undefined ? {} : { script: line.path, line: line.line ?? 0 }),
        },
        evidence: nonEmpty<EvidenceRef>(
          seen,
          ...failures.slice(0, 1),
          ...(read.walk === undefined ? [] : [read.walk.ref]),
        ),
        scope: scopeOf(read, secrets),
        remedies: [
          {
            title: "Let the script end when a read fails",
            kind: "advice",
            snippet: 'value=$(cat "$CREDENTIALS_DIRECTORY/name")\nexport value',
            clears: ["runner/swallowed-read-error"],
            leaves: ["access/file-mode", "source/path-missing"],
            cost: "The VM then refuses to start instead of starting without its secret.",
          },
        ],
      };
    }
  },
});
