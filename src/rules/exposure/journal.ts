import type { EvidenceRef } from "../../evidence/reference.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { counted, listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "exposure/journal",
  severity: "error",
  part: "risk",
  docs: {
    what: "A secret was written to the journal.",
    why: "cloud-hypervisor prints its whole list of OEM strings when it cannot parse it, a script with set -x prints what it does, a guest prints its boot parameters. The journal keeps it, and copies of it.",
    proof:
      "A line of the VM that held a value, by its form or by the name of a known secret. Its name and length are shown, never the value.",
    ruledOut: "Lines that name a path, a size or an expression.",
    confusedWith: [{ id: "exposure/command-line", tell: "There nobody wrote it down." }],
    repair: "Change the secret; then remove the lines (journalctl --rotate, --vacuum-time=).",
    sources: [
      "cloud-hypervisor src/main.rs: errors name the whole option",
      "journalctl(1), --vacuum-time=",
    ],
  },
  requires: ["vmJournal", "secrets"],
  *check({ vmJournal, secrets }) {
    const known = new Set(
      secrets
        .flatMap(({ name, credentialIds, guestNames }) => [name, ...credentialIds, ...guestNames])
        .map(normal),
    );
    const lines = [...vmJournal.invocations, ...vmJournal.helpers].flatMap((start) =>
      meaningsIn(start, "value-logged")
        .filter(
          ({ meaning }) =>
            meaning.bytes > 0 && (meaning.form !== "assignment" || known.has(normal(meaning.name))),
        )
        .map(({ meaning, ref }) => ({ name: meaning.name, bytes: meaning.bytes, ref })),
    );
    const [first] = lines;
    const last = lines.at(-1);
    if (first === undefined || last === undefined) return;
    const names = [...new Set(lines.map(({ name }) => name || "a private key"))];
    yield {
      title: `The journal holds the value of ${listed(names)}`,
      explanation: `${counted(lines.length, "line")} of the VM ${lines.length === 1 ? "holds" : "hold"} it, the first with ${first.bytes} bytes. It is masked here; in the journal it stands as it was written.`,
      certainty: "proven",
      subject: { names: names.join(" ") },
      evidence: nonEmpty<EvidenceRef>(first.ref, ...(last.ref === first.ref ? [] : [last.ref])),
      scope: { secrets: names, inForce: true },
    };
  },
});

const normal = (name: string): string => name.toLowerCase().replaceAll(/[_.\s]+/gu, "-");
