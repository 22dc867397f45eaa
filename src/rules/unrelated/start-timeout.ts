import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import type { SecretFiles } from "../../evidence/secret-files.ts";
import type { VmUnit } from "../../evidence/unit.ts";
import { guestSpoke } from "../../facts/starts.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/start-timeout",
  severity: "error",
  part: "cause",
  docs: {
    what: "The start took longer than systemd waits, though the VM itself came up.",
    why: "With Type=notify the unit is started only when the guest's readiness arrives over vsock. Where that never comes, systemd ends a healthy VM and starts it again.",
    proof:
      "A start or unit result `timeout`, and the VMM or the guest at work in the same start: one of them spoke, or every credential is a plain file, so that systemd waited for nothing else. The period of the loop is about TimeoutStartSec=.",
    ruledOut: "A stop that timed out, or a start in which nothing ran at all.",
    confusedWith: [
      {
        id: "credentials/timeout",
        tell: "There no process of the unit ever ran: the credentials were not set up in time.",
      },
      {
        id: "hypervisor/share-not-ready",
        tell: "There the VMM waits for a share that nobody serves.",
      },
      { id: "lifecycle/crash-loop", tell: "That is the loop; here is why it goes on." },
    ],
    repair:
      "Keep vmm.notify_socket among the OEM strings, or set the unit to Type=simple; raise microvm.host.startupTimeout where the guest is only slow.",
    upstream: [
      {
        project: "microvm.nix",
        from: "a439229 (2024-08)",
        note: "The unit becomes Type=notify where the runner supports the notify socket.",
      },
    ],
    sources: [
      "systemd.service(5), TimeoutStartSec=",
      "microvm.nix#265",
      "microvm.nix nixos-modules/host/default.nix:148-169 at 71beea0",
    ],
  },
  requires: ["history"],
  optional: ["unit", "runners", "secretFiles"],
  causes: ENDS_THE_START,
  *check({ history, unit, runners, secretFiles }) {
    const ran = (start: Invocation): boolean =>
      start.outputLines > 0 || comesAtOnce(unit, secretFiles);
    for (const phase of history.phases) {
      for (const trouble of troubleIn(history, phase, (start) =>
        ran(start) ? timeoutsIn(start) : [],
      )) {
        const spoke = phase.starts.flatMap((start) => guestSpoke(start) ?? [])[0];
        const settings: readonly EvidenceRef[] = [unit?.type?.ref, unit?.timeout?.ref].flatMap(
          (ref) => ref ?? [],
        );
        yield troubleObservation(trouble, {
          title: "systemd gave up on a start that was under way",
          explanation:
            (spoke === undefined
              ? "The unit was at work when systemd's time for the start ran out."
              : "The guest was up and speaking when systemd's time for the start ran out: its readiness never arrived.") +
            (unit?.type?.value === "notify"
              ? runners?.current?.notifies === false
                ? " The unit is Type=notify, and the runner in force hands the guest no vmm.notify_socket to report to."
                : " The unit is Type=notify."
              : ""),
          certainty: spoke === undefined ? "strong" : "proven",
          subject: {
            unit: phase.starts[0]?.unit ?? "",
            ...(unit?.timeout === undefined ? {} : { timeout: unit.timeout.value }),
          },
          evidence: [...(spoke === undefined ? [] : [spoke]), ...settings],
          remedies: readyInTime(
            phase.starts[0]?.unit ?? "microvm@NAME.service",
            unit?.type?.value === "notify",
          ),
        });
      }
    }
  },
});

const readyInTime = (unit: string, notifies: boolean): readonly Remedy[] => [
  {
    title: notifies
      ? "Let the guest report its readiness, or do not wait for it"
      : "Give the start more time",
    kind: "command",
    snippet: [
      `systemctl show -p Type,NotifyAccess,TimeoutStartUSec,StatusText ${unit}`,
      `journalctl --unit ${unit} --lines 40`,
    ].join("\n"),
    clears: ["unrelated/start-timeout"],
    leaves: [],
    cost: notifies
      ? "Either the guest keeps vmm.notify_socket among its credentials and the host vsock, or the unit becomes Type=simple in a drop-in; microvm.host.startupTimeout is for a guest that is only slow."
      : "microvm.host.startupTimeout; the switch restarts the VM.",
  },
];

/** Every credential is a plain file that is there: systemd waits for none of them, so it waited for the unit, whether that spoke or not. */
const comesAtOnce = (unit: VmUnit | undefined, files: SecretFiles | undefined): boolean =>
  unit !== undefined &&
  unit.unread === undefined &&
  unit.credentials.every(
    ({ source, encrypted }) =>
      !encrypted && source !== undefined && files?.walks.get(source)?.file?.stat.type === "file",
  );

const timeoutsIn = (start: Invocation) => {
  if (start.stopping !== undefined) return [];
  if (start.failedStart?.result === "timeout") return [{ ref: start.failedStart.ref }];
  return start.result?.value === "timeout" ? [{ ref: start.result.ref }] : [];
};
