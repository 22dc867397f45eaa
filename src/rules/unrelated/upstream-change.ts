import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { SecretFiles } from "../../evidence/secret-files.ts";
import type { Knowledge } from "../../facts/facts.ts";
import { guestSpoke, meaningsIn } from "../../facts/starts.ts";
import { belongsToDisk, volumeErrors } from "../../facts/volumes.ts";
import { troubleIn, type Sign } from "../../facts/vmm-troubles.ts";
import { defineRule, type Observation } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/upstream-change",
  severity: "error",
  part: "cause",
  docs: {
    what: "A known change of behaviour in microvm.nix, systemd or a VMM explains the failure.",
    why: "After an update something is refused that used to work, with words that sound like a secret's: a block device, a credential that a program finds too widely readable, or metadata that a guest does not get.",
    proof:
      "A refusal of a block device, a program's own complaint about the mode 0440 of a credential under systemd 254 or later, or a guest's cloud-init without metadata under firecracker 1.0 or later.",
    ruledOut: "A version outside of the range, or another path.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "There a secret may not be read. Here it may, and a program is too strict, or the path is a disk.",
      },
      { id: "unrelated/volume", tell: "There the image is a file, or it is missing or full." },
    ],
    repair:
      "Give the user microvm the group disk (or a udev rule) for block devices; switch off the program's check of modes, since the ACL of a credential lets only its user read.",
    upstream: [
      {
        project: "microvm.nix",
        from: "0.5.0 (2024-04)",
        note: "The user microvm is no longer a member of the group disk.",
      },
      {
        project: "systemd",
        from: "254",
        note: "Credentials of another user are 0400 with an ACL for that user, which stat(2) shows as 0440.",
      },
    ],
    sources: ["microvm.nix CHANGELOG 0.5.0, #222", "systemd#29435", "firecracker#3063"],
  },
  requires: ["history"],
  optional: ["platform", "runnerNeeds", "secretFiles", "identity", "guestSystem", "runners"],
  causes: ENDS_THE_START,
  *check(knowledge) {
    yield* refusedDisks(knowledge);
    yield* refusedModes(knowledge);
    yield* missingMetadata(knowledge);
  },
});

type Known = Pick<Knowledge, "history"> &
  Partial<
    Pick<
      Knowledge,
      "platform" | "runnerNeeds" | "secretFiles" | "identity" | "guestSystem" | "runners"
    >
  >;

/** microvm.nix 0.5.0 took the group disk from the user microvm. */
function* refusedDisks({
  history,
  runnerNeeds,
  secretFiles,
  identity,
}: Known): Iterable<Observation> {
  for (const phase of history.phases) {
    const troubles = troubleIn(history, phase, (start) =>
      volumeErrors(start, runnerNeeds).filter((error) =>
        belongsToDisk(error, secretFiles, identity),
      ),
    );
    for (const trouble of troubles) {
      yield troubleObservation(trouble, {
        title: `The unit's user may not open the block device ${trouble.object ?? ""}`,
        explanation:
          "Block devices belong to the group disk. Since microvm.nix 0.5.0 the user microvm is no member of it, so a volume on a block device needs a rule of its own.",
        certainty: "strong",
        subject: { path: trouble.object ?? "" },
        evidence: deviceRefs(trouble.object, secretFiles),
      });
    }
  }
}

const deviceRefs = (
  object: string | undefined,
  files: SecretFiles | undefined,
): readonly EvidenceRef[] =>
  [...(files?.walks.values() ?? [])].filter(({ path }) => path === object).map(({ ref }) => ref);

/** Since systemd 254 a credential of another user is 0400 with an ACL, which stat(2) shows as 0440. */
const ACL_SINCE = 254;

function* refusedModes({ history, platform, guestSystem }: Known): Iterable<Observation> {
  for (const phase of history.phases) {
    const own = platform?.systemd;
    if (own === undefined || own.major >= ACL_SINCE) {
      for (const trouble of troubleIn(history, phase, (start) => complaints(start, false))) {
        yield troubleObservation(trouble, {
          title: "A program refuses a credential for its mode",
          explanation: `${MODE_WORDS}${own === undefined ? "" : ` This host runs systemd ${own.text}.`}`,
          certainty: own === undefined ? "weak" : "strong",
          subject: { systemd: own?.text ?? "unknown" },
          evidence: own === undefined ? [] : [own.ref],
        });
      }
    }
    const inside = /^systemd-(?<major>\d+)/u.exec(guestSystem?.systemd ?? "")?.groups?.["major"];
    if (inside !== undefined && Number(inside) < ACL_SINCE) continue;
    const final = phase.starts.at(-1);
    const [complaint] = final === undefined ? [] : complaints(final, true);
    if (
      complaint === undefined ||
      phase !== history.phases.findLast(({ starts }) => starts.length > 0)
    )
      continue;
    yield {
      title: "A program in the guest refuses a credential for its mode",
      explanation: `${MODE_WORDS} The credential reached the guest; what it is for does not take it.`,
      certainty: inside === undefined ? "weak" : "strong",
      subject: { systemd: guestSystem?.systemd ?? "unknown" },
      evidence: nonEmpty<EvidenceRef>(
        complaint.ref,
        ...(guestSystem === undefined || inside === undefined ? [] : [guestSystem.ref]),
      ),
      scope: {
        phase: phase.index,
        starts: final === undefined ? [] : [final.id],
        inForce: true,
      },
    };
  }
}

/** What the runner's side, or the guest, says of a credential's mode. */
const complaints = (start: Invocation, ofGuest: boolean): readonly Sign[] => {
  const spoke = guestSpoke(start);
  return meaningsIn(start, "credential-mode")
    .filter(({ ref }) => (spoke !== undefined && spoke.time <= ref.time) === ofGuest)
    .map(({ ref }) => ({ ref }));
};

const MODE_WORDS =
  "The program finds the credential readable for its group. Since systemd 254 that is how an ACL for one user looks: nobody else may read it, and no chmod is needed or possible.";

/** firecracker 1.0 serves its metadata in another way than 0.25, and guests came up without. */
function* missingMetadata({ history, runners, runnerNeeds }: Known): Iterable<Observation> {
  const vmm = runnerNeeds?.vmm;
  const version = vmm?.name === "firecracker" ? vmm.version : undefined;
  const isIt = version !== undefined || runners?.current?.hypervisor === "firecracker";
  if (!isIt || (version !== undefined && Number(/^\d+/u.exec(version)?.[0]) < 1)) return;
  const phase = history.phases.findLast(({ starts }) => starts.length > 0);
  const final = phase?.starts.at(-1);
  if (phase === undefined || final === undefined) return;
  const [word] = meaningsIn(final, "guest-without-metadata");
  if (word === undefined) return;
  const asked = runnerNeeds?.metadata;
  yield {
    title: "The guest gets no metadata from firecracker",
    explanation: `cloud-init in the guest found no metadata service and goes on without it, ${version === undefined ? "under a firecracker of unknown version" : `under firecracker ${version}`}. Since 1.0 the metadata service has to be configured in another way than before; whether it is, the host does not show.`,
    certainty: "weak",
    // A guest that was never meant to have any does well without.
    ...(asked === undefined ? { severity: "info" as const } : {}),
    subject: { firecracker: version ?? "unknown" },
    evidence: nonEmpty<EvidenceRef>(word.ref, ...[asked, vmm?.ref].flatMap((ref) => ref ?? [])),
    scope: { phase: phase.index, starts: [final.id], inForce: true },
  };
}
