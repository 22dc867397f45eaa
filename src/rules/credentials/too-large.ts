import { ENDS_THE_SETUP, verdictObservations } from "../credential-verdicts.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "credentials/too-large",
  severity: "error",
  part: "cause",
  docs: {
    what: "A credential is over the size limit of one, or all of the unit's together are.",
    why: "systemd refuses the start. Up to 258 it says Protocol error, as for every other fault of a credential.",
    proof:
      "The size by stat, with the name; from systemd 259 on also errno 7, Argument list too long.",
    ruledOut: "All sources and their names together are below 1 MiB.",
    confusedWith: [
      {
        id: "credentials/source-missing",
        tell: "There the file is not there at all; up to systemd 258 the words are the same.",
      },
      { id: "hypervisor/too-large", tell: "There systemd took it and the VMM's channel cannot." },
    ],
    repair: "Hand large files over by a share; a credential is meant for keys and tokens.",
    upstream: [
      {
        project: "systemd",
        note: "1 MiB for one credential and for all of a unit, names included; exactly 1 MiB is refused as well (252, 257, 262).",
      },
    ],
    sources: ["systemd.exec(5), CREDENTIALS", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["secrets"],
  optional: ["unit", "secretFiles", "history", "credentialStore"],
  anyOf: ["unit", "history"],
  causes: ENDS_THE_SETUP,
  *check(knowledge) {
    const [first] = verdictObservations(knowledge, "too-large", {
      alone: {
        title: "A credential is too large for systemd",
        explanation:
          "systemd says that a credential, or all of the unit together, are over its limit of 1 MiB.",
      },
      title: ({ credential }) => `The credential ${credential.id} is too large for systemd`,
      explanation: ({ credential }) =>
        `systemd is to load ${credential.id} and may not take so much.`,
    });
    // The total is one fault, not one for each of its parts.
    if (first !== undefined) yield first;
  },
});
