import type { EvidenceRef } from "../../evidence/reference.ts";
import { affectedBy, noKeyWords } from "../../facts/decryption.ts";
import { lateFile, lateKey, makersOf, type LateArrival } from "../../facts/late-arrivals.ts";
import { missed, wantedFiles } from "../../facts/wanted-files.ts";
import { moment } from "../../facts/wording.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";
import { installAgain } from "../source-remedies.ts";
import { NOT_MADE } from "../source-effects.ts";

export default defineRule({
  id: "source/not-yet-present",
  severity: "error",
  part: "cause",
  docs: {
    what: "The secret, or the key that it is decrypted with, did not exist when the VM started, and does now or was meant to later: a matter of order.",
    why: "Installers, mounts and key generation run beside the VM's start. Whoever looks afterwards finds everything in place; after a switch it works, and at the next boot it fails again.",
    proof:
      "Somebody missed the file at one moment of the journal, and it came at a later one: by the installer's end, a mount, a link's or a file's time.",
    ruledOut:
      "The file was there before the start that missed it; then something hid it (access/namespace).",
    confusedWith: [
      { id: "source/decrypt-no-key", tell: "There the key is not on the host to this moment." },
      { id: "source/path-missing", tell: "There the file never comes." },
      { id: "access/namespace", tell: "There the file is older than the failure." },
    ],
    repair:
      "Order the VM after what makes the secret (after and requires sops-install-secrets.service, or the mount); put keys on a file system with neededForBoot. RequiresMountsFor= below /run waits for nothing.",
    upstream: [
      {
        project: "sops-nix",
        until: "#986 (2026-09-19)",
        note: "sops-install-secrets.service was wanted by sysinit.target without being ordered before it.",
      },
      {
        project: "sops-nix",
        until: "#871 (2025-12)",
        note: "A switch reloaded consumers before it ran the installer again.",
      },
    ],
    sources: [
      "sops-nix#149, #986, #871",
      "agenix#219, #385",
      "systemd.unit(5), After= and RequiresMountsFor=",
    ],
  },
  requires: ["secretFiles", "secrets"],
  optional: ["unit", "runners", "history", "installation", "otherUnits", "hostJournal"],
  causes: NOT_MADE.map((claim) => ({
    ...claim,
    effects: [
      ...claim.effects,
      "source/decrypt-no-key" as const,
      "source/never-installed" as const,
      "source/decrypt-key" as const,
    ],
  })),
  *check(knowledge) {
    const { installation, otherUnits, hostJournal, history, unit } = knowledge;
    const wanted = wantedFiles(knowledge);
    const newest = history?.phases.findLast(({ starts }) => starts.length > 0);
    const key = lateKey({ installation, otherUnits, hostJournal, unit });
    const word =
      installation === undefined ? undefined : noKeyWords(installation, knowledge).at(-1);
    if (key !== undefined && installation !== undefined && word !== undefined) {
      const { missing } = affectedBy(word, wanted, installation);
      const paths = missing.map(({ path }) => path);
      const [first] = missing;
      if (first !== undefined) {
        yield {
          title: `The key ${key.path} came after the installer had looked for it`,
          explanation: `${account(key)} So the installer wrote no secrets; they come with its next run.${key.isRace ? " At the next boot it may go the same way." : ""}`,
          certainty: "strong",
          subject: { path: key.path, secret: first.path },
          evidence: nonEmpty<EvidenceRef>(word.ref, ...key.evidence),
          scope: {
            ...missed(first),
            paths: [key.path, ...paths],
            secrets: secretNames(knowledge, paths),
            inForce: true,
            ...(key.isRace ? { recurs: true } : {}),
          },
          remedies: [keyInTime(key), installAgain(paths)],
        };
        return;
      }
    }
    for (const one of wanted) {
      const late = lateFile({
        wanted: one,
        installation,
        otherUnits,
        hostJournal,
        history,
        unit,
        secretFiles: knowledge.secretFiles,
      });
      if (late === undefined) continue;
      const { starts, phase } = missed(one);
      const [first, ...rest] = late.evidence;
      if (first === undefined) continue;
      yield {
        title: `${one.path} was not there yet when the VM started`,
        explanation:
          account(late) +
          (late.isRace
            ? " Nothing orders the one after the other, so a start that went well later does not repair it: the next boot may go the same way."
            : ""),
        certainty: one.misses.some(({ certain }) => certain) ? "proven" : "strong",
        subject: { path: one.path },
        evidence: nonEmpty<EvidenceRef>(first, ...rest, one.ref),
        scope: {
          paths: [one.path],
          secrets: secretNames(knowledge, [one.path]),
          starts,
          inForce: phase !== undefined && phase === newest?.index && history?.running !== true,
          ...(late.isRace ? { recurs: true } : {}),
          ...(phase === undefined ? {} : { phase }),
        },
        remedies: late.isRace
          ? orderedAfter(
              unit?.name,
              makersOf(one.path, otherUnits).map(({ name }) => name),
            )
          : startNow(unit?.name, history?.running === true),
      };
    }
  },
});

const account = ({ path, missedAt, cameAt }: LateArrival): string =>
  `${path} was missed at ${moment(missedAt)} and ${cameAt === undefined ? "is there now" : `came at ${moment(cameAt)}`}.`;

const keyInTime = ({ path, mountPoint }: LateArrival): Remedy =>
  mountPoint !== undefined
    ? {
        title: "Mount the key's file system before secrets are installed",
        kind: "nix",
        snippet: `{
  fileSystems."${mountPoint}".neededForBoot = true;
}
`,
        clears: ["source/not-yet-present"],
        leaves: [],
        cost: `The initrd mounts it then, before any activation. Where that is not possible, keep ${path} on the root file system.`,
      }
    : {
        title: "Install secrets by a unit, after the key is there",
        kind: "nix",
        snippet: `{
  sops.useSystemdActivation = true;
}
`,
        clears: ["source/not-yet-present"],
        leaves: [],
        cost: "For sops-nix, which then waits for the file system of its keys; the accounts have to be made by systemd-sysusers or userborn. With agenix, name the key's lasting path in age.identityPaths.",
      };

const startNow = (unit: string | undefined, isRunning: boolean): readonly Remedy[] =>
  unit === undefined || isRunning
    ? []
    : [
        {
          title: "Start the VM: it is there now",
          kind: "command",
          snippet: `systemctl restart ${unit}`,
          clears: ["source/not-yet-present"],
          leaves: [],
          cost: "Starts the guest. What made it late is not told by this: look again after the next boot.",
        },
      ];

const orderedAfter = (unit: string | undefined, others: readonly string[]) => {
  const [installer] = others;
  return unit === undefined || installer === undefined
    ? []
    : [
        {
          title: `Start the VM after ${installer}`,
          kind: "nix" as const,
          snippet: `{
  systemd.services."${unit.replace(/\.service$/u, "")}" = {
    after = [ "${installer}" ];
    requires = [ "${installer}" ];
  };
}
`,
          clears: ["source/not-yet-present" as const],
          leaves: [],
          cost: "The VM waits for it, and does not start where it fails.",
        },
      ];
};
