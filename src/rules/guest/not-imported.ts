import type { EvidenceRef } from "../../evidence/reference.ts";
import { guestImports, type GuestImport } from "../../facts/guest-import.ts";
import { handedOver, isTaken } from "../../facts/guest-wishes.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/not-imported",
  severity: "error",
  part: "cause",
  docs: {
    what: "The channel was right, and the guest did not import: it found no credentials, or lost them between initrd and system.",
    why: "PID 1 of the guest looks for credentials once, early. Without qemu_fw_cfg or dmi_sysfs at that moment it finds none and says so only in its own log; what an initrd imported can be left behind at switch-root.",
    proof:
      "The guest's word that it acquired none or has no SMBIOS tables, or that it received a credential which is gone later in the same start; and a runner that hands something over.",
    ruledOut:
      "A later line of the same start that shows the credential with content. Silence proves nothing: a console with loglevel=4 hides these lines.",
    confusedWith: [
      {
        id: "hypervisor/channel-unsupported",
        tell: "There the VMM cannot show the credential to any guest: -smbios on QEMU's microvm machine, for example.",
      },
      { id: "guest/policy", tell: "There the guest is told, or has to, ignore its host." },
      {
        id: "guest/not-consumed",
        tell: "There the system has the credential and only the service does not ask for it.",
      },
    ],
    repair:
      "Put the module into the guest's initrd (boot.initrd.kernelModules: qemu_fw_cfg or dmi_sysfs), or take the credential up in stage 2 only; with nixpkgs from before 2025-07 not both.",
    upstream: [
      {
        project: "nixpkgs",
        until: "2025-07",
        note: "/sysroot/run was bound without what is mounted below it, so credentials of the initrd were lost at switch-root (#405687, 25.05: #421572).",
      },
      {
        project: "systemd",
        from: "252",
        note: "SMBIOS is read from 252 on; the modules have to be there when PID 1 starts.",
      },
    ],
    sources: [
      "systemd src/core/import-creds.c and src/shared/kmod-setup.c",
      "nixpkgs#405687, nixpkgs#421388",
      "measured: without the module fw_cfg credentials vanish without a warning",
    ],
  },
  requires: ["history", "runners", "secrets"],
  optional: ["guestSystem"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ history, runners, secrets, guestSystem }) {
    const runner = runners.current;
    if (runner === undefined || waysForSecrets(runner, secrets).length === 0) return;
    const names = handedOver(runner).map(({ name }) => name);
    for (const seen of guestImports(history)) {
      if (!seen.inForce || seen.refused.length > 0) continue;
      const lost = lostAfterImport(seen).filter(
        (name) => guestSystem === undefined || !guestSystem.unitsRead || isTaken(name, guestSystem),
      );
      if (!foundNothing(seen) && lost.length === 0) continue;
      const concerned = lost.length > 0 ? lost : names;
      const [word] = lost.length > 0 ? wordsOn(seen, lost) : seen.none;
      if (word === undefined) continue;
      yield {
        title:
          lost.length > 0
            ? `The guest received ${listed(lost)} and did not have it later`
            : "The guest looked for credentials and found none",
        explanation:
          lost.length > 0
            ? "PID 1 of the guest says that it received it, and later in the same start it is not there. So the VMM showed it; it was lost inside the guest, as happens between initrd and system."
            : "The runner hands credentials over, and the guest says that it was passed none, or that it has no firmware table to read them from. Its kernel lacks the module at that moment, or the VMM shows nothing.",
        certainty:
          lost.length > 0 && guestSystem?.unitsRead === true
            ? "strong"
            : lost.length > 0
              ? "weak"
              : "proven",
        subject: { credentials: concerned.join(" ") },
        evidence: nonEmpty<EvidenceRef>(
          word,
          ...(lost.length > 0 ? seen.missed.slice(-1).map(({ ref }) => ref) : [runner.ref]),
        ),
        scope: {
          phase: seen.phase.index,
          starts: [seen.start.id],
          secrets:
            namesOfGuest(secrets, concerned).length > 0
              ? namesOfGuest(secrets, concerned)
              : secrets.map(({ name }) => name),
          inForce: true,
        },
        remedies: [
          {
            title: "Have the module in the guest's initrd",
            kind: "nix",
            snippet: `{
  # in the guest's configuration
  boot.initrd.kernelModules = [ "${runner.hypervisor === "qemu" ? "qemu_fw_cfg" : "dmi_sysfs"}" ];
}
`,
            clears: ["guest/not-imported"],
            leaves: [],
            cost: "With nixpkgs from before July 2025 the initrd's credentials are lost at switch-root: update it as well. Needs a rebuild and a restart of the VM.",
            repairs: [{ kind: "outside-model", clears: ["guest/not-imported"] }],
          },
        ],
      };
    }
  },
});

/** It says so itself, and nothing in the same start says otherwise. */
const foundNothing = ({ none, received, found }: GuestImport): boolean =>
  none.length > 0 && received.length === 0 && found.length === 0;

/** Received, and no longer there for whoever looked last; 0 bytes alone would be an empty credential. */
const lostAfterImport = ({ received, missed, found }: GuestImport): readonly string[] => [
  ...new Set(
    received.flatMap(({ name, time }) =>
      missed.some((word) => word.absent && word.name === name && word.time > time) &&
      !found.some((word) => word.name === name && word.time > time)
        ? [name]
        : [],
    ),
  ),
];

const wordsOn = ({ received }: GuestImport, names: readonly string[]) =>
  received.filter(({ name }) => names.includes(name)).map(({ ref }) => ref);
