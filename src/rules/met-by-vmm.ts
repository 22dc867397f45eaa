import type { EvidenceRef } from "../evidence/reference.ts";
import type { Trouble } from "../facts/vmm-troubles.ts";
import { counted } from "../facts/wording.ts";
import type { Observation, Scope } from "./rule.ts";

/** How many starts met it, and whether it still keeps the VM down; a sentence with a full stop. */
export const metBy = ({ count, phase, standing }: Trouble): string =>
  `${counted(count, "start")}${phase === undefined ? "" : ` of phase ${phase.index}`} met it${
    standing === "over" ? "; a later start got past it." : ", and none got further."
  }`;

export const troubleScope = ({ starts, phase, standing }: Trouble): Scope => ({
  ...(phase === undefined ? {} : { phase: phase.index }),
  starts,
  inForce: standing === "down",
});

/** The first line, and the last where it is another one. */
export const troubleLines = ({ first, last }: Trouble): readonly [EvidenceRef, ...EvidenceRef[]] =>
  last === first ? [first] : [first, last];

/** What the VM got over is a note. */
export const troubleSeverity = ({ standing }: Trouble): Pick<Observation, "severity"> =>
  standing === "over" ? { severity: "info" } : {};
