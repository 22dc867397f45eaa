import type { EvidenceRef, JournalRef } from "../../evidence/reference.ts";
import { guestImports, type GuestImport } from "../../facts/guest-import.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "guest/ordering",
  severity: "error",
  part: "cause",
  docs: {
    what: "The consumer in the guest started before the secret was there.",
    why: "Activation scripts run before systemd imports credentials, and in the initrd before shares are mounted. The way is right, and the one who needs the secret looks too early.",
    proof:
      "In one and the same start: somebody misses the file or credential first, and the guest imports it or mounts its place afterwards.",
    ruledOut:
      "The same consumer looks again later in that start and finds it, or nothing comes afterwards.",
    confusedWith: [
      {
        id: "guest/not-imported",
        tell: "There the credential does not come at all in that start, early or late.",
      },
      {
        id: "source/not-yet-present",
        tell: "There it is the host that is late: the VM starts before the host has the secret.",
      },
    ],
    repair:
      "Let a unit of the guest do it, ordered after the import or with RequiresMountsFor=; for activation use a share with neededForBoot, or put the module into the initrd so that the import comes first.",
    upstream: [
      {
        project: "sops-nix",
        note: "The activation script runs before stage 2 imports credentials (#763); sops.useSystemdActivation runs as a unit.",
      },
    ],
    sources: [
      "systemd src/core/main.c: credentials are imported by PID 1, after the initrd's activation",
      "sops-nix#763, microvm.nix#192",
    ],
  },
  requires: ["history", "secrets"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ history, secrets }) {
    for (const seen of guestImports(history)) {
      if (!seen.inForce) continue;
      const race = tooEarly(seen);
      if (race === undefined) continue;
      const names = namesOfGuest(secrets, race.names);
      yield {
        title: `The guest looks for ${race.what} before it is there`,
        explanation: `At ${moment(race.missed.time)} something in the guest misses ${race.what}; at ${moment(race.came.time)}, in the same start, ${race.how}. The way is right and its consumer is early.`,
        certainty: "strong",
        subject: { what: race.what },
        evidence: nonEmpty<EvidenceRef>(race.missed, race.came),
        scope: {
          phase: seen.phase.index,
          starts: [seen.start.id],
          secrets: names.length > 0 ? names : secrets.map(({ name }) => name),
          inForce: true,
        },
      };
    }
  },
});

interface Race {
  readonly what: string;
  readonly names: readonly string[];
  readonly missed: JournalRef;
  readonly came: JournalRef;
  readonly how: string;
}

const tooEarly = (seen: GuestImport): Race | undefined =>
  earlyCredential(seen) ?? earlyMount(seen) ?? earlyActivation(seen);

/** A credential is missed first and received afterwards, and nobody finds it in that start. */
const earlyCredential = ({ missed, received, found }: GuestImport): Race | undefined => {
  for (const { name, time, ref } of missed) {
    const later = received.find((word) => word.name === name && word.time > time);
    if (later !== undefined && !found.some((word) => word.name === name && word.time > time)) {
      return {
        what: `the credential ${name}`,
        names: [name],
        missed: ref,
        came: later.ref,
        how: "PID 1 of the guest receives it",
      };
    }
  }
  return undefined;
};

/** Its place is mounted only afterwards. */
const earlyMount = ({ start }: GuestImport): Race | undefined => {
  const mounts = meaningsIn(start, "guest-mounts");
  for (const { meaning, ref } of meaningsIn(start, "boot-misses-file")) {
    const later = mounts.find(
      (mount) =>
        mount.ref.time > ref.time &&
        `${meaning.path}/`.startsWith(`${mount.meaning.path.replace(/^\/sysroot/u, "")}/`),
    );
    if (later !== undefined) {
      return {
        what: meaning.path,
        names: [],
        missed: ref,
        came: later.ref,
        how: `${later.meaning.path} is mounted`,
      };
    }
  }
  return undefined;
};

/** Activation wants something of the credentials, and PID 1 imports them afterwards. */
const earlyActivation = ({ start, received }: GuestImport): Race | undefined => {
  for (const { meaning, ref } of meaningsIn(start, "boot-misses-file")) {
    const later = received.find(({ time }) => time > ref.time);
    if (later !== undefined && /\/credentials\/|key/iu.test(meaning.path)) {
      return {
        what: meaning.path,
        names: [later.name],
        missed: ref,
        came: later.ref,
        how: "PID 1 of the guest receives its credentials",
      };
    }
  }
  return undefined;
};
