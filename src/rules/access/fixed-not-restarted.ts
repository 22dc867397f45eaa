import type { EvidenceRef } from "../../evidence/reference.ts";
import { userReads, type UserRead } from "../../facts/denied-reads.ts";
import { changeAfter } from "../../facts/file-times.ts";
import type { History } from "../../facts/history.ts";
import { isMacDenied } from "../../facts/mac-denials.ts";
import { hasUserNamespace } from "../../facts/sandbox.ts";
import { hasFailed } from "../../facts/starts.ts";
import { moment } from "../../facts/wording.ts";
import { journalCarries } from "../../facts/journal-coverage.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, scopeOf } from "../scope.ts";

export default defineRule({
  id: "access/fixed-not-restarted",
  severity: "error",
  part: "cause",
  docs: {
    what: "A denial in the journal is older than the repair of the file, and the unit has not started since.",
    why: "Modes are checked when a file is opened. A unit that is down stays down until somebody starts it, however well its files are.",
    proof:
      "The denial in the newest start, the same path readable now, and no later start. The file's change time is newer than the denial where the file system kept it.",
    ruledOut:
      "A start after the refusal, or a component of the path that still refuses the same reader.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "There the file still refuses the reader; here only the journal's old line does.",
      },
      {
        id: "access/namespace",
        tell: "There a new start is refused again, although the file can be read on the host.",
      },
      {
        id: "source/not-yet-present",
        tell: "There the file did not exist at the start (No such file); here it did and refused (Permission denied).",
      },
    ],
    repair: "Start the VM. If a start limit was hit, reset the failure first.",
    sources: ["path_resolution(7)", "inode(7), ctime"],
  },
  requires: ["vm", "history", "secretFiles", "secrets"],
  optional: ["unit", "identity", "runners", "hostJournal", "kernelLog"],
  causes: [
    {
      mechanism: "failed-read-ends-the-runner",
      effects: ["lifecycle/crash-loop", "lifecycle/start-limit", "lifecycle/never-started"],
    },
  ],
  *check(knowledge) {
    const { vm, history, secrets, kernelLog, unit } = knowledge;
    if (history.running) return;
    for (const read of userReads(knowledge)) {
      const last = read.denials.at(-1);
      const { walk } = read;
      if (!read.inForce || last === undefined || walk === undefined) continue;
      if (read.access.status !== "allowed" || hasGoneOn(read, history)) continue;
      const change = changeAfter(walk, last.time, knowledge);
      if (isMacDenied(read, kernelLog)) continue;
      // Without a change to be seen, the unit's own namespaces may refuse still: it has to be known that there are none.
      const maySee = unit !== undefined && !hasUserNamespace(read);
      if (!maySee && change.status !== "changed") continue;
      yield {
        title: `${read.path} can be read now, and the VM has not been started since`,
        explanation:
          `The last start that came to the read was refused at ${moment(last.time)}. As the file and its directories are now, ${read.reader?.name ?? "the unit's user"} may read it; ` +
          `${changeSentence(change)} The journal holds no start after that refusal` +
          (unit?.live === undefined
            ? "."
            : `, and systemd calls the unit ${unit.live.activeState}.`),
        certainty: CERTAINTY[change.status],
        subject: { path: read.path },
        evidence: nonEmpty<EvidenceRef>(
          last,
          walk.ref,
          ...(change.status === "changed"
            ? [{ kind: "file", path: change.component.path, stat: change.component.stat } as const]
            : []),
          ...journalCarries(knowledge.hostJournal, `starts of ${vm}`, { since: last.time }),
          ...(history.runningBy === undefined ? [] : [history.runningBy]),
        ),
        scope: scopeOf(read, secrets),
        remedies: [
          {
            title: "Start the VM",
            kind: "command",
            snippet: `systemctl restart microvm@${vm}.service`,
            clears: ["access/fixed-not-restarted"],
            leaves: [],
            cost: "Starts the guest.",
          },
        ],
      };
    }
  },
});

/** A later start failed otherwise or got further; one that was stopped before it came to the read did neither. */
const hasGoneOn = ({ phase, starts }: UserRead, { readyStarts }: History): boolean => {
  const all = phase?.starts ?? [];
  const refused = all.findLastIndex(({ id }) => starts.includes(id));
  return all.slice(refused + 1).some((start) => hasFailed(start) || readyStarts.includes(start));
};

/** A group that the reader joined since leaves no trace on the file. */
const CERTAINTY = { changed: "proven", unknown: "strong", unchanged: "weak" } as const;

const changeSentence = (change: ReturnType<typeof changeAfter>): string => {
  switch (change.status) {
    case "changed":
      return `${change.component.path} was changed at ${moment(change.component.stat.ctime)}.`;
    case "unknown":
      return "when that was changed is not known.";
    case "unchanged":
      return "nothing on the way to it was changed since, so the repair must lie with the reader: a group that it joined, or another unit.";
  }
};
