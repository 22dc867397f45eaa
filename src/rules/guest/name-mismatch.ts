import type { EvidenceRef } from "../../evidence/reference.ts";
import { guestImports } from "../../facts/guest-import.ts";
import {
  handedOver,
  isSpelling,
  isTaken,
  namesAreKnown,
  wishesOf,
  type GuestWish,
} from "../../facts/guest-wishes.ts";
import type { History } from "../../facts/history.ts";
import { namesOfGuest, type Secret } from "../../facts/secrets.ts";
import { defineRule, type Observation, type Remedy } from "../rule.ts";
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
  requires: ["runners", "secrets"],
  optional: ["guestSystem", "history"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential", "guest/not-consumed"],
    },
  ],
  *check({ runners, guestSystem, secrets, history }) {
    const runner = runners.current;
    if (guestSystem?.unitsRead !== true) {
      if (history !== undefined) yield* byItsWords(history, secrets);
      return;
    }
    if (runner === undefined || !namesAreKnown(runner)) return;
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
        remedies: [renamed(wish, other.name)],
      };
    }
  },
});

const renamed = (wish: Pick<GuestWish, "id" | "unit">, arrived: string): Remedy => ({
  title: `Take ${arrived} under the name ${wish.id} in the guest`,
  kind: "nix",
  snippet: `{
  # in the guest's configuration
  systemd.services."${wish.unit.replace(/\.service$/u, "")}".serviceConfig.LoadCredential = [
    "${wish.id}:${arrived}"
  ];
}
`,
  clears: ["guest/name-mismatch"],
  leaves: [],
  cost: "Drop the line that asks for the old name. Needs a rebuild and a restart of the VM.",
  repairs: [{ kind: "outside-model", clears: ["guest/name-mismatch"] }],
});

/** Where the guest's units are not on this host: it received one name in the same start in which it misses another spelling of it. */
function* byItsWords(history: History, secrets: readonly Secret[]): Iterable<Observation> {
  const newest = guestImports(history).find(({ inForce }) => inForce);
  if (newest === undefined) return;
  const { received, missed, found } = newest;
  const told = new Set<string>();
  for (const miss of missed) {
    if (!miss.absent || told.has(miss.name) || received.some(({ name }) => name === miss.name))
      continue;
    const arrived = received.find(({ name }) => isSpelling(name, miss.name));
    if (arrived === undefined || found.some(({ name }) => name === miss.name)) continue;
    told.add(miss.name);
    yield {
      title: `The guest wants ${miss.name} and is handed ${arrived.name}`,
      explanation: `In one and the same start the guest received ${arrived.name} and misses ${miss.name}. systemd compares names letter by letter, so who asks for one is not given the other.`,
      certainty: "strong",
      subject: { wanted: miss.name, handedOver: arrived.name },
      evidence: nonEmpty<EvidenceRef>(miss.ref, arrived.ref),
      scope: {
        secrets: namesOfGuest(secrets, [miss.name, arrived.name]),
        inForce: true,
        phase: newest.phase.index,
        starts: [newest.start.id],
      },
      remedies: [renamed({ id: miss.name, unit: "NAME.service" }, arrived.name)],
    };
  }
}
