import type { EvidenceRef } from "../../evidence/reference.ts";
import { troublesOf } from "../../facts/vmm-troubles.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { scopeOfRunner } from "../handover-effects.ts";
import { metBy, troubleLines, troubleScope, troubleSeverity } from "../met-by-vmm.ts";
import { defineRule, type Remedy } from "../rule.ts";
import { nonEmpty } from "../scope.ts";
import { ENDS_THE_START } from "../vmm-trouble.ts";

/** QEMU: FW_CFG_MAX_FILE_PATH is 56 with the zero at the end; `opt/io.systemd.credentials/` takes 27. */
const LONGEST = 28;

export default defineRule({
  id: "hypervisor/name-too-long",
  severity: "error",
  part: "cause",
  docs: {
    what: "The name does not fit the channel: a fw_cfg item has at most 55 characters, which leaves 28 for the credential.",
    why: "QEMU refuses the whole command line over one name that is too long, so the VM does not start at all. The value has no part in it.",
    proof:
      "The length of the name in the runner's own text, or QEMU's word about it in a start that failed.",
    ruledOut: "All names that the runner passes by fw_cfg have 28 characters or fewer.",
    confusedWith: [
      {
        id: "hypervisor/too-large",
        tell: "There the value is too long; the name may be short.",
      },
      {
        id: "hypervisor/argument-rejected",
        tell: "There the VMM does not know the option or cannot read its value.",
      },
    ],
    repair:
      "Give the credential a name of at most 28 characters, and ask for that name in the guest.",
    upstream: [
      { project: "QEMU", note: "The limit is the same in every version known (7.2 tried)." },
    ],
    sources: [
      "QEMU include/standard-headers/linux/qemu_fw_cfg.h, FW_CFG_MAX_FILE_PATH",
      "systemd#24204",
      "measured: QEMU 7.2",
    ],
  },
  requires: ["runners", "secrets"],
  optional: ["history"],
  causes: [
    ...ENDS_THE_START,
    { mechanism: "vmm-ends-the-start", effects: ["hypervisor/argument-rejected"] },
  ],
  *check({ runners, secrets, history }) {
    const runner = runners.current;
    const channels = (runner?.channels ?? []).flatMap((channel) =>
      (channel.kind === "fw-cfg-file" || channel.kind === "fw-cfg-string") &&
      channel.name.length > LONGEST
        ? [{ name: channel.name, ref: channel.ref }]
        : [],
    );
    const troubles = history === undefined ? [] : troublesOf(history, "name-too-long");
    const now = troubles.find(({ standing }) => standing === "down");
    const names = channels.map(({ name }) => name);
    const [first, ...rest] = [
      ...channels.map(({ ref }) => ref),
      ...(now === undefined ? [] : [now.first]),
    ];
    if (first !== undefined && runner !== undefined) {
      const told = names.length > 0 ? names : [now?.object ?? ""].filter((name) => name !== "");
      const scope = scopeOfRunner(runner, history, namesOfGuest(secrets, told));
      yield {
        title: `${told.length === 0 ? "The name of a credential is" : `${listed(told)} ${told.length === 1 ? "is" : "are"}`} too long for fw_cfg`,
        explanation: `QEMU's fw_cfg takes names of 55 characters, of which "opt/io.systemd.credentials/" needs 27. ${told.map((name) => `${name} has ${name.length}, and ${LONGEST} fit.`).join(" ")} QEMU ends over it before it makes a machine.`,
        certainty: "proven",
        subject: { credentials: told.join(" "), longest: LONGEST },
        evidence: nonEmpty<EvidenceRef>(first, ...rest),
        scope: {
          ...scope,
          starts: [...new Set([...(scope.starts ?? []), ...(now?.starts ?? [])])],
        },
        remedies: told.map(shorter),
      };
    }
    for (const trouble of troubles) {
      if (trouble === now) continue;
      const { object } = trouble;
      yield {
        title: `${object ?? "The name of a credential"} was too long for fw_cfg`,
        explanation: `QEMU ended over the name of a fw_cfg item: ${LONGEST} characters fit. ${metBy(trouble)}`,
        certainty: "proven",
        ...troubleSeverity(trouble),
        subject: { credentials: object ?? "unknown", longest: LONGEST },
        evidence: troubleLines(trouble),
        scope: {
          ...troubleScope(trouble),
          ...(object === undefined ? {} : { secrets: namesOfGuest(secrets, [object]) }),
        },
      };
    }
  },
});

const shorter = (name: string): Remedy => ({
  title: `Give ${name} a name of at most ${LONGEST} characters`,
  kind: "advice",
  snippet: `microvm.credentialFiles."${name.slice(0, LONGEST)}" = ...;   # in place of "${name}"`,
  clears: ["hypervisor/name-too-long", "hypervisor/argument-rejected"],
  leaves: [],
  cost: "The guest's units have to ask for the new name, in ImportCredential= or LoadCredential=NEEDED:NEW.",
});
