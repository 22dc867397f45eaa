import type { EvidenceRef } from "../../evidence/reference.ts";
import { emptyReports } from "../../facts/guest-reports.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/empty-credential",
  severity: "error",
  part: "symptom",
  docs: {
    what: "The credential is there and has 0 bytes; or the guest reports 0 bytes and nothing tells empty from absent.",
    why: "Something in front of the guest handed over nothing. `wc -c < file || echo 0` prints 0 for an absent file too.",
    proof:
      "The guest's own line. A shell's `No such file` beside it would say guest/absent-credential instead.",
    ruledOut:
      "A later report of the same guest start with more than 0 bytes, or a failed open of the credential's file beside the report.",
    confusedWith: [
      {
        id: "guest/absent-credential",
        tell: "A shell's `No such file` for the credential's path stands beside the 0.",
      },
      {
        id: "source/empty",
        tell: "There the file on the host has 0 bytes already, and this is what the guest sees of it.",
      },
      {
        id: "hypervisor/empty-in-transit",
        tell: "There the host's file has bytes and the VMM was given none.",
      },
      {
        id: "runner/swallowed-read-error",
        tell: "There the runner's read failed and it went on with an empty value.",
      },
    ],
    repair:
      "It is a symptom: repair what hands over nothing. `systemd-creds --system list` in the guest tells an empty credential from none.",
    sources: [
      "systemd src/core/import-creds.c",
      "measured: dash and bash print the same 0 for both",
    ],
  },
  requires: ["history", "secrets"],
  *check({ history, secrets }) {
    for (const report of emptyReports(history)) {
      const [line] = report.zeroes;
      if (line === undefined || report.missing.length > 0) continue;
      yield {
        title: `The guest reports 0 bytes for ${listed(report.names)}`,
        explanation:
          `The guest itself says so at its start in phase ${report.phase.index}. ` +
          (report.areThere
            ? "It names the file or lists the credential, so it is there and empty."
            : `Whether the credentials are empty or not there at all, this line does not tell: ` +
              `a test like \`wc -c < file || echo 0\` prints 0 for both. \`systemd-creds --system list\` in the guest would decide it.`),
        certainty: report.areThere ? "proven" : "strong",
        subject: { credentials: report.names.join(" "), bytes: 0 },
        evidence: nonEmpty<EvidenceRef>(line, ...report.zeroes.slice(1)),
        scope: {
          phase: report.phase.index,
          starts: report.starts.map(({ id }) => id),
          secrets: namesOfGuest(secrets, report.names),
          inForce: report.inForce,
        },
      };
    }
  },
});
