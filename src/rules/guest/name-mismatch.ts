import type { EvidenceRef } from "../../evidence/reference.ts";
import { guestImports } from "../../facts/guest-import.ts";
import {
  handedOver,
  isSpelling,
  isTaken,
  namesAreKnown,
  wishesOf,
} from "../../facts/guest-wishes.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/name-mismatch",
  severity: "error",
  part: "cause",
  docs: {
    what: "The credential arrives under another name than its consumer asks for.",
    why: "Names of credentials are compared letter by letter. A service that asks for api-key is not given API_KEY or HOST_API_KEY, and starts without it.",
    proof:
      "The name in the runner's text beside the name in the unit of the guest that wants it; the guest's word that it lacks that name proves it.",
    ruledOut: "Another line of the runner hands it over under the very name that is asked for.",
    confusedWith: [
      {
        id: "credentials/name-mismatch",
        tell: "That is about the name sealed inside an encrypted credential on the host.",
      },
      { id: "guest/absent-credential", tell: "There nothing like it arrives under any name." },
    ],
    repair:
      "Give both ends one name, or rename at the consumer: LoadCredential=wanted:arrived, from systemd 257 on also ImportCredential=arrived:wanted.",
    sources: ["systemd.exec(5), LoadCredential= and ImportCredential="],
  },
  requires: ["runners", "guestSystem", "secrets"],
  optional: ["history"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential", "guest/not-consumed"],
    },
  ],
  *check({ runners, guestSystem, secrets, history }) {
    const runner = runners.current;
    if (runner === undefined || !guestSystem.unitsRead || !namesAreKnown(runner)) return;
    const handed = handedOver(runner);
    const untaken = handed.filter(({ name }) => !isTaken(name, guestSystem));
    const newest =
      history === undefined ? undefined : guestImports(history).find(({ inForce }) => inForce);
    for (const wish of wishesOf(guestSystem)) {
      if (handed.some(({ name }) => name === wish.name)) continue;
      // A guest that shows content under the wanted name got it on a way that the text does not show.
      if (newest?.found.some(({ name }) => name === wish.name || name === wish.id) === true)
        continue;
      const other = untaken.find(({ name }) => isSpelling(name, wish.name));
      if (other === undefined) continue;
      const missed = newest?.missed.find(({ name }) => name === wish.name || name === wish.id);
      yield {
        title: `The guest wants ${wish.name} and is handed ${other.name}`,
        explanation:
          `${wish.unit} of the guest asks for the credential ${wish.name}. The runner hands over ${other.name}, which no unit of the guest asks for. systemd compares names letter by letter, so the service starts without it.` +
          (missed === undefined ? "" : " The guest says itself that it misses it."),
        certainty: missed === undefined ? "strong" : "proven",
        subject: { wanted: wish.name, handedOver: other.name, unit: wish.unit },
        evidence: nonEmpty<EvidenceRef>(
          other.ref,
          wish.ref,
          ...(missed === undefined ? [] : [missed.ref]),
        ),
        scope: {
          secrets: namesOfGuest(secrets, [wish.name, other.name]),
          inForce: true,
          ...(newest === undefined ? {} : { phase: newest.phase.index, starts: [newest.start.id] }),
        },
        remedies: [
          {
            title: `Take ${other.name} under the name ${wish.id} in the guest`,
            kind: "nix",
            snippet: `{
  # in the guest's configuration
  systemd.services."${wish.unit.replace(/\.service$/u, "")}".serviceConfig.LoadCredential = [
    "${wish.id}:${other.name}"
  ];
}
`,
            clears: ["guest/name-mismatch"],
            leaves: [],
            cost: "Drop the line that asks for the old name. Needs a rebuild and a restart of the VM.",
            repairs: [{ kind: "outside-model", clears: ["guest/name-mismatch"] }],
          },
        ],
      };
    }
  },
});
