import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import type { Runner } from "../../evidence/runner.ts";
import { guestImports, type GuestImport } from "../../facts/guest-import.ts";
import { handedOver, isTaken } from "../../facts/guest-wishes.ts";
import { waysForSecrets } from "../../facts/handover.ts";
import { namesOfGuest, type Secret } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule, type Observation, type Remedy, type Scope } from "../rule.ts";
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
    for (const told of guestImports(history)) {
      const seen = { ...told, none: told.none.filter((one) => countsFor(runner, told, one)) };
      if (!seen.inForce || seen.refused.length > 0) continue;
      yield* undecoded(seen, secrets);
      const lost = lostAfterImport(seen).filter(
        (name) => guestSystem === undefined || !guestSystem.unitsRead || isTaken(name, guestSystem),
      );
      const counted = lost.length > 0 ? undefined : hadSome(seen, runner);
      if (!foundNothing(seen) && lost.length === 0) continue;
      const concerned = lost.length > 0 ? lost : names;
      const [word] = lost.length > 0 ? wordsOn(seen, lost) : [counted ?? seen.none[0]?.ref];
      if (word === undefined) continue;
      if (counted !== undefined) {
        yield lostByCount({ seen, counted, concerned, secrets });
        continue;
      }
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
        scope: scopeIn(seen, secrets, concerned),
        remedies: [lost.length > 0 ? keptAtSwitchRoot : moduleInInitrd(runner)],
      };
    }
  },
});

/**
 * A missing table says nothing of fw_cfg, and QEMU's microvm machine never has one. That the initrd finds nothing is how it is without
 * the modules: the system looks anew, so that only who misses it afterwards shows that it found none either.
 */
const countsFor = (
  { channels }: Runner,
  { switchedRoot, missed }: GuestImport,
  { why, ref }: GuestImport["none"][number],
): boolean =>
  (why === "none-passed" || channels.some(({ kind }) => /^(?:oem|smbios)-/u.test(kind))) &&
  (!switchedRoot.some(({ time }) => time > ref.time) || missed.some(({ time }) => time > ref.time));

/** It says so itself, or that it left what it had behind, and nothing in the same start says otherwise. */
const foundNothing = ({ none, received, found, acquired, missed }: GuestImport): boolean =>
  (none.length > 0 || (acquired.length > 0 && missed.some(({ absent }) => absent))) &&
  received.length === 0 &&
  found.length === 0;

/** The initrd counted more than the VMM's own string, and later there is none: what it had was left behind. */
const hadSome = (
  { acquired, none, missed }: GuestImport,
  { notifies }: Runner,
): JournalRef | undefined =>
  acquired.find(
    ({ count, ref }) =>
      count > (notifies ? 1 : 0) &&
      (none.some((one) => one.ref.time > ref.time) ||
        missed.some(({ absent, time }) => absent && time > ref.time)),
  )?.ref;

interface Loss {
  readonly seen: GuestImport;
  readonly counted: JournalRef;
  readonly concerned: readonly string[];
  readonly secrets: readonly Secret[];
}

const lostByCount = ({ seen, counted, concerned, secrets }: Loss): Observation => ({
  title: "The guest acquired credentials and did not have them later",
  explanation:
    "PID 1 of the guest counts credentials that it took over, and later in the same start there are none. So the VMM showed them; they were lost inside the guest, as happens between initrd and system.",
  certainty: "strong",
  subject: { credentials: concerned.join(" ") },
  evidence: nonEmpty<EvidenceRef>(
    counted,
    ...[...seen.none, ...seen.missed]
      .map(({ ref }) => ref)
      .filter(({ time }) => time > counted.time)
      .slice(-1),
  ),
  scope: scopeIn(seen, secrets, concerned),
  remedies: [keptAtSwitchRoot],
});

/** Marked as base64, and none: the guest is shown it and leaves it. */
function* undecoded(seen: GuestImport, secrets: readonly Secret[]): Iterable<Observation> {
  const skipped = seen.skipped.filter(
    ({ why, name }) => why === "encoding" && !seen.found.some((word) => word.name === name),
  );
  const [first] = skipped;
  if (first === undefined) return;
  const names = [...new Set(skipped.map(({ name }) => name))];
  yield {
    title: `The guest cannot decode ${listed(names)} and skips ${names.length === 1 ? "it" : "them"}`,
    explanation: `The VMM showed ${listed(names)}, marked as base64, and systemd in the guest could not decode the value: it is no base64, or a part of it only. The guest goes on without.`,
    certainty: "proven",
    subject: { credentials: names.join(" ") },
    evidence: nonEmpty<EvidenceRef>(first.ref),
    scope: scopeIn(seen, secrets, names),
    remedies: [
      {
        title: "Encode the value, or drop the mark",
        kind: "advice",
        snippet: `value=$(base64 --wrap=0 "$CREDENTIALS_DIRECTORY/name")\nstrings="io.systemd.credential.binary:${names[0] ?? "name"}=$value"`,
        clears: ["guest/not-imported"],
        leaves: ["exposure/command-line"],
        cost: "A change of the runner, and a restart of the VM. Without --wrap=0 base64 has line breaks.",
      },
    ],
  };
}

const scopeIn = (
  { phase, start }: GuestImport,
  secrets: readonly Secret[],
  names: readonly string[],
): Scope => {
  const own = namesOfGuest(secrets, names);
  return {
    phase: phase.index,
    starts: [start.id],
    secrets: own.length > 0 ? own : secrets.map(({ name }) => name),
    inForce: true,
  };
};

const keptAtSwitchRoot: Remedy = {
  title: "Use a nixpkgs that keeps them at switch-root",
  kind: "command",
  snippet: "nix flake update nixpkgs   # one of July 2025 or later, then rebuild the guest",
  clears: ["guest/not-imported"],
  leaves: [],
  cost: "Or take the module out of the guest's initrd, so that the system imports them itself. A rebuild and a restart of the VM.",
  repairs: [{ kind: "outside-model", clears: ["guest/not-imported"] }],
};

/** Received, and no longer there for whoever looked last; 0 bytes alone would be an empty credential. */
const lostAfterImport = ({ received, missed, found, none }: GuestImport): readonly string[] => [
  ...new Set(
    received.flatMap(({ name, time }) =>
      (missed.some((word) => word.absent && word.name === name && word.time > time) ||
        none.some(({ why, ref }) => why === "none-passed" && ref.time > time)) &&
      !found.some((word) => word.name === name && word.time > time)
        ? [name]
        : [],
    ),
  ),
];

const wordsOn = ({ received }: GuestImport, names: readonly string[]) =>
  received.filter(({ name }) => names.includes(name)).map(({ ref }) => ref);

const moduleInInitrd = (runner: Runner): Remedy => ({
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
});
