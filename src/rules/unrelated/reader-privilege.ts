import { journalCoverage } from "../../facts/journal-coverage.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "unrelated/reader-privilege",
  severity: "info",
  part: "note",
  docs: {
    what: "The journal was read with too few rights: a Permission denied of the reader's own.",
    why: "journalctl then shows a part and says so on its standard error. That is no line of the VM, and what is missing may be what matters.",
    proof: "journalctl's hint or refusal on standard error.",
    ruledOut: "The same query as root, or as a member of systemd-journal, adds nothing.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "There a process of the unit is refused, in a line of the journal.",
      },
    ],
    repair: "Run mvdoctor as root or as a member of the group systemd-journal.",
    sources: ["journalctl(1), ACCESS CONTROL", "systemd#21933"],
  },
  requires: ["hostJournal"],
  *check({ hostJournal }) {
    if (hostJournal.partial === undefined) return;
    const coverage = journalCoverage(hostJournal, hostJournal.partial);
    yield {
      title: "The journal could be read only in part",
      explanation: `Whoever ran mvdoctor may not read all of the journal: ${hostJournal.partial}. That refusal is the reader's own and no fault of the VM; what is not shown may still be there.`,
      certainty: "proven",
      subject: { source: "journal" },
      evidence: [coverage],
      scope: { inForce: true },
    };
  },
});
