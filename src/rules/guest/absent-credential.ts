import type { EvidenceRef } from "../../evidence/reference.ts";
import { emptyReports } from "../../facts/guest-reports.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/absent-credential",
  severity: "error",
  part: "symptom",
  docs: {
    what: "The guest has no such credential; a report of 0 bytes comes from the test for it, not from an empty file.",
    why: "Nothing was handed over under that name, so there is nothing to look for inside the value.",
    proof: "A `No such file` for the credential's path in the same start.",
    ruledOut:
      "The guest opens the credential's file, or says that it imported a credential of that name.",
    confusedWith: [
      {
        id: "guest/empty-credential",
        tell: "There the guest reports 0 bytes and no failed open stands beside it.",
      },
      {
        id: "guest/name-mismatch",
        tell: "There the guest has a credential with the value, under another name.",
      },
      {
        id: "guest/not-imported",
        tell: "There the hypervisor did show the credential to the guest, and the guest's systemd did not take it.",
      },
      {
        id: "guest/not-consumed",
        tell: "There the guest's system has the credential, and only the unit that wants it lacks LoadCredential= or ImportCredential=.",
      },
    ],
    repair:
      "It is a symptom: repair what keeps the secret from the guest. `systemd-creds --system list` in the guest shows what did arrive.",
    upstream: [
      {
        project: "systemd",
        from: "252",
        note: "Guests import credentials from SMBIOS strings from 252 on; an older one has none of them, whatever the host does.",
      },
    ],
    sources: [
      "systemd.exec(5), CREDENTIALS",
      "measured with dash and bash: the redirection fails before 2>/dev/null takes effect",
    ],
  },
  requires: ["history", "secrets"],
  *check({ history, secrets }) {
    for (const report of emptyReports(history)) {
      const [line] = report.missing;
      if (line === undefined) continue;
      yield {
        title: `The guest has no credential ${listed(report.names)}`,
        explanation:
          `In phase ${report.phase.index} the guest could not open the credential's file at all.` +
          (report.zeroes.length > 0
            ? " The 0 bytes that it reports beside it are what its test prints for a missing file, no size of anything."
            : ""),
        certainty: "proven",
        subject: { credentials: report.names.join(" ") },
        evidence: nonEmpty<EvidenceRef>(line, ...report.zeroes.slice(0, 1)),
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
