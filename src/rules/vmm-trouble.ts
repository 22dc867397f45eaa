import type { EvidenceRef } from "../evidence/reference.ts";
import type { Standing, Trouble } from "../facts/vmm-troubles.ts";
import { counted } from "../facts/wording.ts";
import type { Certainty } from "../vocabulary.ts";
import type { Observation, Remedy, Subject } from "./rule.ts";
import { nonEmpty } from "./scope.ts";

export interface TroubleWords {
  readonly title: string;
  readonly explanation: string;
  readonly subject: Subject;
  readonly certainty?: Certainty;
  readonly evidence?: readonly EvidenceRef[];
  readonly remedies?: readonly Remedy[];
}

/** A fault that has nothing to do with secrets: an error where it keeps the VM down, a note where the VM got over it. */
export const troubleObservation = (trouble: Trouble, words: TroubleWords): Observation => ({
  title: words.title,
  explanation: `${words.explanation} ${counted(trouble.count, "start")}${trouble.phase === undefined ? "" : ` of phase ${trouble.phase.index}`} met it${STANDING[trouble.standing]}`,
  certainty: words.certainty ?? "proven",
  ...(trouble.standing === "over" ? { severity: "info" as const } : {}),
  subject: words.subject,
  evidence: nonEmpty<EvidenceRef>(
    trouble.first,
    ...(trouble.last === trouble.first ? [] : [trouble.last]),
    ...(words.evidence ?? []),
  ),
  scope: {
    ...(trouble.phase === undefined ? {} : { phase: trouble.phase.index }),
    starts: trouble.starts,
    inForce: trouble.standing === "down",
  },
  ...(words.remedies === undefined ? {} : { remedies: words.remedies }),
});

const STANDING: Readonly<Record<Standing, string>> = {
  down: ", and none got further: this is what keeps the VM down, no secret is involved.",
  left: ", and none got further; later starts fail before they show whether it is repaired.",
  again: ", and none got further; starts of a later phase meet it again.",
  over: "; the VM got over it.",
};

/** What follows where a start ends with it. */
export const ENDS_THE_START = [
  {
    mechanism: "vmm-ends-the-start",
    effects: [
      "lifecycle/crash-loop",
      "lifecycle/start-limit",
      "lifecycle/never-started",
      "lifecycle/clean-exit",
    ],
  },
] as const;

/** What follows where a helper unit fails with it, too. */
export const ENDS_THE_START_OR_A_HELPER = [
  ...ENDS_THE_START,
  { mechanism: "helper-fails-first", effects: ["unrelated/other-unit"] },
] as const;
