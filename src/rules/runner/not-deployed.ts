import type { EvidenceRef } from "../../evidence/reference.ts";
import { newestGeneration, secretsGained } from "../../facts/newer-runner.ts";
import { moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "runner/not-deployed",
  severity: "warning",
  part: "cause",
  docs: {
    what: "The newest build never became the running system, so the runner that it would install is not in force.",
    why: "`nixos-rebuild boot`, an activation that failed, or a deployment to another host leaves a newer generation beside the one that runs. What was changed for the VM has no effect.",
    proof:
      "The system profile's newest generation, /run/current-system, and the runners that both would install for this VM.",
    ruledOut: "Both generations install the same runner and have the same unit for the VM.",
    confusedWith: [
      {
        id: "runner/stale-current",
        tell: "There the newest generation runs, and `current` is not its runner.",
      },
      {
        id: "runner/stale-booted",
        tell: "There `current` is right and the VM has not been restarted.",
      },
      {
        id: "hypervisor/channel-unsupported",
        tell: "A channel that the hypervisor cannot carry fails at evaluation: then there is no newer generation at all.",
      },
    ],
    repair: "Switch to the newest generation, and read what the activation says.",
    sources: ["nixos-rebuild(8), boot and switch"],
  },
  requires: ["generations", "secrets", "state"],
  optional: ["store", "runners", "history", "hostJournal"],
  causes: [
    {
      mechanism: "older-runner-runs",
      effects: [
        "runner/no-secret-path",
        "runner/stale-current",
        "runner/stale-booted",
        "runner/reads-secret-directly",
        "runner/swallowed-read-error",
        "credentials/configured-unused",
      ],
    },
  ],
  *check({ generations, secrets, state, store, runners, history, hostJournal }) {
    const { running } = generations;
    const newest = newestGeneration(generations);
    if (running === undefined || newest?.runner === undefined || newest.installer === undefined)
      return;
    if (newest.toplevel === running.toplevel || newest.frozen) return;
    const current = generations.list.find(({ toplevel }) => toplevel === running.toplevel);
    const sameRunner =
      (current ?? running).runner === newest.runner || state.links.current?.store === newest.runner;
    if (sameRunner && (current?.unit === newest.unit || current === undefined)) return;
    const gained = sameRunner
      ? []
      : secretsGained(newest.runner, {
          secrets,
          ...(store === undefined ? {} : { store }),
          ...(runners === undefined ? {} : { runners }),
        });
    const gains = gained.length > 0;
    const failed = (hostJournal?.events ?? []).findLast(
      (event) => event.kind === "switch-failed" && event.toplevel === newest.toplevel,
    );
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: `Generation ${newest.number} was built and is not the running system`,
      explanation:
        `The system profile leads to generation ${newest.number}, which ${sameRunner ? "has another unit" : `would install ${newest.runner}`} for this VM. ${running.toplevel} is what runs` +
        `${current === undefined ? "" : `, generation ${current.number}`}.` +
        (failed === undefined ? "" : ` The switch to it failed at ${moment(failed.ref.time)}.`) +
        (gains
          ? " The runner in force has no way for the secrets, and the newer one would bring it."
          : ""),
      certainty: "proven",
      ...(gains
        ? { severity: "error" as const }
        : history?.running === true && failed === undefined
          ? { severity: "info" as const }
          : {}),
      subject: { generation: newest.number, installs: newest.runner, running: running.toplevel },
      evidence: nonEmpty<EvidenceRef>(
        newest.link,
        running.ref,
        newest.installer,
        ...(failed === undefined ? [] : [failed.ref]),
      ),
      scope: {
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
        secrets: gained,
      },
      remedies: [
        {
          title: "Switch to the newest generation and restart the VM",
          kind: "command",
          snippet: `/nix/var/nix/profiles/system/bin/switch-to-configuration switch && systemctl restart microvm@${name(state.path)}.service`,
          clears: ["runner/not-deployed"],
          leaves: [],
          cost: "Everything else of that generation takes effect as well.",
          repairs: [
            { kind: "runner-linked", runner: newest.runner },
            { kind: "outside-model", clears: ["runner/not-deployed"] },
          ],
        },
      ],
    };
  },
});

const name = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
