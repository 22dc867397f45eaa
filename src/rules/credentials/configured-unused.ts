import type { EvidenceRef } from "../../evidence/reference.ts";
import { credentialsUsed } from "../../facts/handover.ts";
import { listed } from "../../facts/wording.ts";
import { vmOfUnit } from "../../vocabulary.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty, secretNames } from "../scope.ts";

export default defineRule({
  id: "credentials/configured-unused",
  severity: "error",
  part: "cause",
  // systemd does hand it over; it is the script that leaves it lying.
  breaks: "runner",
  docs: {
    what: "systemd hands credentials to the unit, and the runner in force never uses them.",
    why: "LoadCredential= only puts files into $CREDENTIALS_DIRECTORY on the host. Nothing carries them into the guest by itself.",
    proof:
      "The unit's LoadCredential= lines, and the whole text of the runner without a use of the directory or of the id.",
    ruledOut:
      "A use of $CREDENTIALS_DIRECTORY or of the credential's path in the runner in force, or in a script that it calls.",
    confusedWith: [
      {
        id: "runner/no-secret-path",
        tell: "There the runner has no way for any secret, whether or not systemd hands one over. Where both are seen, this is its consequence.",
      },
      {
        id: "guest/name-mismatch",
        tell: "There the value does reach the guest, under another name than its consumer asks for.",
      },
      {
        id: "runner/reads-secret-directly",
        tell: "There the runner does read the secret, but from the host's path and as the unit's user.",
      },
    ],
    repair:
      "Give the runner a way that takes the credential from $CREDENTIALS_DIRECTORY: with QEMU credentialFiles that name the unit's credentials directory, elsewhere a runner of your own or a share.",
    upstream: [
      {
        project: "microvm.nix",
        note: "No default runner reads $CREDENTIALS_DIRECTORY, in any revision up to 71beea0 (2026-08-09).",
      },
    ],
    sources: ["systemd.exec(5), CREDENTIALS", "microvm.nix lib/runner.nix at 71beea0"],
  },
  requires: ["unit", "runners", "secrets"],
  optional: ["history", "state"],
  *check({ unit, runners, secrets, history, state }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const used = credentialsUsed(runner);
    const unused =
      used === "all"
        ? []
        : // Of a directory systemd makes ID_FILE.
          unit.credentials.filter(
            ({ id }) => !used.some((one) => one === id || one.startsWith(`${id}_`)),
          );
    const [first] = unused;
    if (first === undefined) return;
    const phase = history?.phases.at(-1)?.index;
    yield {
      title: `The runner never uses ${listed(unused.map(({ id }) => id))}`,
      explanation:
        `The unit is given ${unused.length === 1 ? "this credential" : `${unused.length} credentials`} by systemd in $CREDENTIALS_DIRECTORY, and the runner in force (${runner.script}) ` +
        `${used.length === 0 ? "does not mention that directory" : `takes only ${listed(used === "all" ? [] : used)} from it`}. They end on the host.`,
      certainty: "proven",
      subject: {
        unit: unit.name,
        credentials: unused.map(({ id }) => id).join(" "),
        runner: runner.script,
      },
      evidence: nonEmpty<EvidenceRef>(
        ...([first.ref, ...unused.slice(1).map(({ ref }) => ref), runner.ref] as const),
      ),
      scope: {
        secrets: secretNames(
          { secrets },
          unused.flatMap(({ source }) => source ?? []),
        ),
        inForce: true,
        ...(phase === undefined ? {} : { phase }),
      },
      remedies: waysToHandOver({
        vm: vmOfUnit(unit.name),
        unit,
        runner,
        secrets,
        ...(state === undefined ? {} : { flavour: state.flavour }),
      }),
    };
  },
});
