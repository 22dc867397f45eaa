import type { EvidenceRef } from "../../evidence/reference.ts";
import { guestImports } from "../../facts/guest-import.ts";
import { isTaken } from "../../facts/guest-wishes.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/not-consumed",
  severity: "error",
  part: "cause",
  docs: {
    what: "The credential arrived in the guest, and no unit imports it.",
    why: "What PID 1 imports belongs to the system. A service gets none of it unless it asks with ImportCredential= or LoadCredential=.",
    proof:
      "The guest's list of what it received, and the unit files of the guest's system on the host, none of which asks for that name. It is a fault only where something in the guest misses it.",
    ruledOut:
      "A unit that asks for it by name or glob, or a line that shows it with content: a program may read /run/credentials/@system itself.",
    confusedWith: [
      { id: "guest/name-mismatch", tell: "There a unit asks for a similar name." },
      { id: "guest/not-imported", tell: "There PID 1 of the guest does not have it either." },
    ],
    repair: "Add ImportCredential=NAME to the service that needs it.",
    sources: ["systemd.exec(5), ImportCredential="],
  },
  requires: ["history", "guestSystem", "secrets"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ history, guestSystem, secrets }) {
    if (!guestSystem.unitsRead) return;
    const newest = guestImports(history).find(({ inForce }) => inForce);
    if (newest === undefined) return;
    const idle = newest.received.filter(
      ({ name }) => !isTaken(name, guestSystem) && !newest.found.some((word) => word.name === name),
    );
    const missed = idle.filter(
      ({ name, time }) =>
        newest.missed.some((word) => word.name === name && word.time > time) ||
        newest.unset.some((ref) => ref.time > time),
    );
    const concerned = missed.length > 0 ? missed : idle;
    const [first] = concerned;
    if (first === undefined) return;
    const names = [...new Set(concerned.map(({ name }) => name))];
    yield {
      title: `No unit of the guest asks for ${listed(names)}`,
      explanation:
        `The guest received ${listed(names)}, and none of its unit files asks for ${names.length === 1 ? "it" : "them"}.` +
        (missed.length > 0
          ? " Something in the guest looks for it and does not have it: a service is given only what it asks for."
          : " That is no fault by itself: a program may read it from the system's own credentials."),
      certainty: missed.length > 0 ? "strong" : "proven",
      ...(missed.length > 0 ? {} : { severity: "info" as const }),
      subject: { credentials: names.join(" ") },
      evidence: nonEmpty<EvidenceRef>(
        first.ref,
        guestSystem.ref,
        ...newest.missed
          .filter(({ name }) => names.includes(name))
          .map(({ ref }) => ref)
          .slice(0, 1),
        ...newest.unset.slice(0, 1),
      ),
      scope: {
        phase: newest.phase.index,
        starts: [newest.start.id],
        secrets: namesOfGuest(secrets, names),
        inForce: true,
      },
    };
  },
});
