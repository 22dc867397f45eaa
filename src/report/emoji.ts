import type { EverWorked, Hypothesis, VmStatus } from "../diagnosis/finding.ts";
import type { StageState } from "../vocabulary.ts";

/** What stands before a word for those who asked for emoji; the word is always there, and says the same. */
export interface Emoji {
  readonly status: (status: VmStatus) => string;
  readonly stage: (state: StageState) => string;
  readonly answer: (answer: EverWorked["answer"]) => string;
  readonly claim: (state: Hypothesis["state"]) => string;
  readonly recommended: string;
}

/** Emoji with a space behind them, or nothing. */
export const emojiOf = (isWanted: boolean): Emoji => {
  const shown =
    <Word extends string>(table: Readonly<Record<Word, string>>) =>
    (word: Word): string =>
      isWanted ? `${table[word]} ` : "";
  return {
    status: shown(STATUS),
    stage: shown(STAGE),
    answer: shown(ANSWER),
    claim: shown(CLAIM),
    recommended: isWanted ? "\u2705 " : "",
  };
};

const STATUS: Readonly<Record<VmStatus, string>> = {
  failing: "\u{1F534}",
  degraded: "\u{1F7E0}",
  healthy: "\u{1F7E2}",
  stopped: "\u26AA",
  unknown: "\u2753",
};

const STAGE: Readonly<Record<StageState, string>> = {
  ok: "\u2705",
  broken: "\u274C",
  unknown: "\u2753",
  "not-reached": "\u2796",
  "not-configured": "\u2796",
};

const ANSWER: Readonly<Record<EverWorked["answer"], string>> = {
  yes: "\u2705",
  no: "\u274C",
  unknown: "\u2753",
};

const CLAIM: Readonly<Record<Hypothesis["state"], string>> = {
  supported: "\u2705",
  refuted: "\u274C",
  open: "\u2753",
};
