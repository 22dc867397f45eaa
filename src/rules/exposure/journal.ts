import type { OutputMeaning } from "../../evidence/output.ts";
import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import { isPublicCredential } from "../../facts/passed-values.ts";
import { isNamed, namesOfGuest, namesOfUnit, type Secret } from "../../facts/secrets.ts";
import { countOf, meaningsIn } from "../../facts/starts.ts";
import { counted } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

type Logged = Extract<OutputMeaning, { readonly kind: "value-logged" }>;

interface Leak {
  readonly form: Logged["form"];
  readonly name?: string;
  readonly bytes: number;
  /** The first and the last. */
  readonly lines: readonly [JournalRef, JournalRef];
  readonly count: number;
}

export default defineRule({
  id: "exposure/journal",
  severity: "error",
  part: "risk",
  docs: {
    what: "A secret was written to the journal.",
    why: "Whoever may read the journal (root, systemd-journal, adm, wheel) reads it there, and so does whoever gets the journal forwarded or copied. cloud-hypervisor prints the whole list of OEM strings when it cannot read one of them; a guest's console ends in the host's journal as well.",
    proof:
      "A line of the VM or of a helper in which something was masked: the value of a credential, of a name that is known as a secret of this VM, a private key, or a token known by its shape. The value is masked as it is read; its length is shown.",
    ruledOut:
      "A path, a size, an expansion of the shell or the string that reports readiness: these say where a value is, not what it is.",
    confusedWith: [
      {
        id: "exposure/command-line",
        tell: "There the value is in the arguments of a process; journald keeps those in _CMDLINE, not in a message.",
      },
      {
        id: "hypervisor/argument-rejected",
        tell: "The same line often shows both: why the VMM ended, and what it gave away with that.",
      },
    ],
    repair:
      "Change the secret. Then take the lines away: `journalctl --rotate`, and `--vacuum-time=` for archived files; and do not forget where the journal is forwarded to.",
    sources: [
      "cloud-hypervisor option_parser at ae44c29: the error holds the whole string",
      "systemd-journald.service(8), access control",
    ],
  },
  requires: ["vmJournal", "secrets"],
  *check({ vmJournal, secrets }) {
    for (const { form, name, bytes, lines, count } of leaksIn(
      [...vmJournal.invocations, ...vmJournal.helpers],
      secrets,
    )) {
      yield {
        title:
          name === undefined
            ? `${WHAT[form]} was written to the journal`
            : `The value of ${name} was written to the journal`,
        explanation: `${counted(count, "line")} of the VM's or its helpers' output ${count === 1 ? "holds" : "hold"} ${name === undefined ? "it" : "the value"}; ${bytes} bytes are masked here. Whoever may read the journal has read it, and whoever gets it forwarded. Change the secret.`,
        certainty: form === "assignment" ? "strong" : "proven",
        subject: { form, bytes, ...(name === undefined ? {} : { name }) },
        evidence: nonEmpty<EvidenceRef>(...lines),
        scope: {
          inForce: true,
          ...(name === undefined
            ? {}
            : {
                secrets: [
                  ...new Set([...namesOfGuest(secrets, [name]), ...namesOfUnit(secrets, [name])]),
                ],
              }),
        },
        remedies: [
          {
            title: "Change the secret, then take the lines out of the journal",
            kind: "command",
            snippet: "journalctl --rotate && journalctl --vacuum-time=1s",
            clears: ["exposure/journal"],
            leaves: [],
            cost: "All archived entries of the host are deleted, not only these. Copies elsewhere stay.",
          },
        ],
      };
    }
  },
});

const WHAT: Readonly<Record<Logged["form"], string>> = {
  credential: "The value of a credential",
  assignment: "A value",
  "private-key": "A private key",
  token: "A token",
};

/** What was logged, the same name and form once, in the order of the journal. */
const leaksIn = (
  starts: readonly Parameters<typeof meaningsIn>[0][],
  secrets: readonly Secret[],
): readonly Leak[] => {
  const leaks = new Map<string, Leak>();
  for (const start of starts) {
    for (const { meaning, ref } of meaningsIn(start, "value-logged")) {
      if (!isSecret(meaning, secrets)) continue;
      const key = `${meaning.form} ${meaning.name ?? ""}`;
      const known = leaks.get(key);
      leaks.set(key, {
        form: meaning.form,
        ...(meaning.name === undefined ? {} : { name: meaning.name }),
        bytes: Math.max(meaning.bytes, known?.bytes ?? 0),
        lines: [known?.lines[0] ?? ref, ref],
        count: (known?.count ?? 0) + countOf([start]),
      });
    }
  }
  return [...leaks.values()];
};

/** An assignment counts only where its name is known as one of this VM's secrets: programs print settings of all kinds. */
const isSecret = ({ form, name }: Logged, secrets: readonly Secret[]): boolean => {
  switch (form) {
    case "credential":
      return name === undefined || !isPublicCredential(name);
    case "assignment":
      return (
        name !== undefined && secrets.some((secret) => isNamed(secret, name.replace(/^-+/u, "")))
      );
    case "private-key":
    case "token":
      return true;
  }
};
