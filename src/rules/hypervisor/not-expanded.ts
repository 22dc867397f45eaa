import type { EvidenceRef } from "../../evidence/reference.ts";
import {
  newestReport,
  passedValues,
  sourceFile,
  startsOfRunner,
} from "../../facts/passed-values.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { LOST_ON_THE_WAY, scopeOfRunner } from "../handover-effects.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START } from "../vmm-trouble.ts";

/** What is called so may well be meant to be a path. */
const NAMES_A_PLACE = /(?:path|file|dir|directory|location|socket)$/iu;

export default defineRule({
  id: "hypervisor/not-expanded",
  severity: "error",
  part: "cause",
  docs: {
    what: "The guest gets a literal such as `$(cat ...)` or a path: the value was quoted at build time.",
    why: "Options of microvm.nix are quoted for the shell (escapeShellArgs), so a command substitution or a variable in one is never executed. The guest has a credential, of the wrong content, and everything looks well.",
    proof:
      "`$(...)` or `$NAME` in single quotes in the runner's text, where a value is expected; a guest that reports as many bytes as these characters have.",
    ruledOut:
      "The guest reports another size than the characters have; or another shell (eval, sh -c) takes the quotes off.",
    confusedWith: [
      {
        id: "hypervisor/value-truncated",
        tell: "There the guest has the beginning of the true value.",
      },
      {
        id: "hypervisor/empty-in-transit",
        tell: "There the VMM is given nothing; here it is given the wrong characters.",
      },
    ],
    repair:
      "Put the value in at the start: in a runner of your own or in what stands in for the VMM, between double quotes, or by file.",
    sources: [
      "nixpkgs lib.escapeShellArgs",
      "microvm.nix lib/runners/cloud-hypervisor.nix at 71beea0: platformOEMStrings",
    ],
  },
  requires: ["vm", "runners", "secrets"],
  optional: ["history", "unit", "secretFiles"],
  causes: [
    LOST_ON_THE_WAY,
    { mechanism: "value-is-lost", effects: ["credentials/configured-unused"] },
    ...ENDS_THE_START,
  ],
  *check({ vm, runners, secrets, history, unit, secretFiles }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const { starts } = startsOfRunner(runner, history);
    for (const { value, ref } of passedValues(runner)) {
      const path = NAMES_A_PLACE.test(value.name) ? undefined : value.path;
      if (value.form !== "unexpanded" && path === undefined) continue;
      const secret = secrets.find(({ guestNames }) => guestNames.includes(value.name));
      const report = secret === undefined ? undefined : newestReport(secret, starts);
      // Base64 that cannot be decoded is dropped by the guest, so that only a size of its own tells.
      if (report !== undefined && report.bytes > 0 && report.bytes !== value.bytes) continue;
      const isSeen = report !== undefined && report.bytes === value.bytes;
      const file =
        secret === undefined || secretFiles === undefined
          ? undefined
          : sourceFile(secret, secretFiles);
      const isSameSize = file !== undefined && file.stat.size === value.bytes;
      yield {
        title:
          path === undefined
            ? `${value.name} is handed over as the characters of a command, not as its result`
            : `${value.name} is handed over as the path of a file, not as what is in it`,
        explanation:
          (path === undefined
            ? `In the runner the value of ${value.name} stands in quotes that the shell does not look into: ${value.bytes ?? 0} characters that begin with a "$" or a "\`", not what they stand for.`
            : `In the runner the value of ${value.name} is ${path}. An OEM string, a string of fw_cfg or the kernel command line holds the value itself: nobody opens that file.`) +
          (isSeen
            ? ` The guest has exactly ${value.bytes ?? 0} bytes for it.`
            : " The guest gets these characters."),
        certainty: isSeen && !isSameSize ? "proven" : "strong",
        subject: { credential: value.name, bytes: value.bytes ?? 0 },
        evidence: nonEmpty<EvidenceRef>(ref, ...(isSeen ? [report.ref] : [])),
        scope: scopeOfRunner(runner, history, namesOfGuest(secrets, [value.name])),
        remedies: waysToHandOver({ vm, unit, runner, secrets }),
      };
    }
  },
});
