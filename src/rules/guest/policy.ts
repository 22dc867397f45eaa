import type { EvidenceRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import { guestImports } from "../../facts/guest-import.ts";
import type { History } from "../../facts/history.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/policy",
  severity: "error",
  part: "cause",
  docs: {
    what: "The guest ignores credentials of the host by design: its settings say so, or it is a confidential VM.",
    why: "A confidential VM does not trust its host, so systemd takes nothing from SMBIOS or fw_cfg there; systemd.import_credentials=no says the same of any VM.",
    proof:
      "The guest's own word on its console, or the boot parameter in the guest's system as the host holds it.",
    ruledOut: "The guest lists credentials that it received in the same start.",
    confusedWith: [
      {
        id: "guest/not-imported",
        tell: "There the guest would take credentials and finds none, for want of a module or a table.",
      },
      {
        id: "runner/no-secret-path",
        tell: "There the host hands nothing over; the guest's settings do not matter then.",
      },
    ],
    repair:
      "Remove systemd.import_credentials=no, or hand the secret to a confidential guest as an encrypted credential that only the guest can open.",
    upstream: [
      {
        project: "systemd",
        from: "252",
        note: "SMBIOS and fw_cfg credentials are skipped in confidential VMs (src/core/import-creds.c).",
      },
    ],
    sources: ["systemd src/core/import-creds.c", "systemd(1), systemd.import_credentials="],
  },
  requires: ["history", "secrets"],
  optional: ["guestSystem", "runners"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential", "guest/not-imported"],
    },
  ],
  *check({ history, secrets, guestSystem, runners }) {
    if (secrets.length === 0) return;
    const runner = runners?.current;
    // What a guest reads from a share is no credential of its systemd.
    if (runner !== undefined && !handsOverCredentials(runner)) return;
    const names = secrets.map(({ name }) => name);
    const parameter = guestSystem?.kernelParameters.find((word) =>
      /^systemd\.import_credentials=(?:no|0|false|off|n|f)$/u.test(word),
    );
    const given =
      parameter === undefined || guestSystem === undefined
        ? runner?.importRefused
        : { why: "disabled" as const, ref: guestSystem.ref };
    const said = guestImports(history).filter(
      ({ refused, received, found }) =>
        refused.length > 0 && received.length === 0 && found.length === 0,
    );
    const last = said.at(-1);
    if (last !== undefined) {
      const [word] = last.refused;
      if (word === undefined) return;
      yield {
        title: TITLES[word.why],
        explanation:
          word.why === "confidential"
            ? "systemd in the guest found that it runs in a confidential VM. It does not trust the host then, and skips whatever SMBIOS or fw_cfg hold for it."
            : "The guest was started with systemd.import_credentials=no, so its systemd takes nothing over, whatever the host hands to it.",
        certainty: /credential/iu.test(word.ref.text) ? "proven" : "strong",
        subject: { why: word.why },
        evidence: nonEmpty<EvidenceRef>(word.ref),
        scope: {
          phase: last.phase.index,
          starts: said.map(({ start }) => start.id),
          secrets: names,
          inForce: last.inForce,
        },
        remedies: [REMEDIES[word.why]],
      };
      return;
    }
    if (given === undefined || hasArrived(history)) return;
    yield {
      title: TITLES[given.why],
      explanation:
        given.why === "disabled"
          ? `The guest's boot parameters hold ${parameter ?? "systemd.import_credentials=no"}: its systemd takes nothing over, whatever the host hands to it.`
          : "The runner starts a confidential VM. systemd in such a guest does not trust its host, and skips whatever SMBIOS or fw_cfg hold for it.",
      certainty: "strong",
      subject: { why: given.why, ...(parameter === undefined ? {} : { parameter }) },
      evidence: [given.ref],
      scope: {
        secrets: names,
        inForce: true,
        ...(history.phases.at(-1) === undefined
          ? {}
          : { phase: history.phases.at(-1)?.index ?? 1 }),
      },
      remedies: [REMEDIES[given.why]],
    };
  },
});

const TITLES = {
  confidential: "The guest is a confidential VM and takes no credentials of its host",
  disabled: "The guest is told not to import credentials",
} as const;

const REMEDIES: Readonly<Record<keyof typeof TITLES, Remedy>> = {
  disabled: {
    title: "Let the guest import credentials",
    kind: "command",
    snippet:
      "grep -rn import_credentials .   # in the configuration of the guest: drop it from boot.kernelParams",
    clears: ["guest/policy"],
    leaves: [],
    cost: "A rebuild and a restart of the VM. The guest then takes every credential that its host hands over.",
    repairs: [{ kind: "outside-model", clears: ["guest/policy"] }],
  },
  confidential: {
    title: "Hand the secret over on a way that does not ask the guest to trust its host",
    kind: "advice",
    snippet:
      "LoadCredentialEncrypted=name:/etc/credstore.encrypted/name   # in the guest, sealed for the guest alone",
    clears: ["guest/policy"],
    leaves: [],
    cost: "The guest needs a key of its own, best after attestation; or a VM that is not confidential, which does take credentials of its host.",
    repairs: [{ kind: "outside-model", clears: ["guest/policy"] }],
  },
};

/** By one of the ways that systemd in the guest imports from. */
const handsOverCredentials = ({ channels, credentialsDirectory, reads }: Runner): boolean =>
  credentialsDirectory !== undefined ||
  reads.length > 0 ||
  channels.some(({ kind }) => kind !== "share");

/** The guest of the newest start took something over, or shows it. */
const hasArrived = (history: History): boolean =>
  guestImports(history).some(
    ({ inForce, received, found }) => inForce && received.length + found.length > 0,
  );
