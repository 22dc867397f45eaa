import type { SecretStages } from "../../diagnosis/finding.ts";
import { STAGES, type Stage, type StageState } from "../../vocabulary.ts";
import { clipped, type Page } from "../page.ts";
import { plain } from "../words.ts";

type State = StageState | "broken-later";

const STATE_WORD: Readonly<Record<State, string>> = {
  ok: "ok",
  broken: "BROKEN",
  "broken-later": "broken",
  unknown: "unknown",
  "not-reached": "-",
  "not-configured": "not used",
};

const INDENT = 2;
const LEAST_NAME = 8;

interface Way {
  readonly secret: string;
  readonly states: readonly State[];
}

/** A line for each secret with its stages in order; the first broken one is marked in capitals. */
export const ways = (out: Page, all: readonly SecretStages[]): void => {
  if (all.length === 0) return;
  out.heading("The way of each secret");
  const told = all.map((one) => wayOf(one));
  const cells = STAGES.map((stage) => Math.max(stage.length, 8));
  const room = out.width - INDENT;
  const names = Math.max(6, ...told.map(({ secret }) => secret.length));
  const bare = sum(cells) + STAGES.length;
  const drawn = sum(cells) + 2 * STAGES.length;
  if (room < bare + Math.min(names, LEAST_NAME)) sentences(out, told);
  else if (out.unicode && room >= drawn + names) table(out, told, { cells, names, gap: 2 });
  else table(out, told, { cells, names: Math.min(names, room - bare), gap: 1 });
};

const wayOf = ({ secret, stages }: SecretStages): Way => {
  const first = STAGES.findIndex((stage) => stages[stage] === "broken");
  return {
    secret: plain(secret),
    states: STAGES.map((stage, index) =>
      stages[stage] === "broken" && index > first ? "broken-later" : stages[stage],
    ),
  };
};

interface Columns {
  readonly cells: readonly number[];
  readonly names: number;
  /** Columns between two cells; two have room for an arrow. */
  readonly gap: number;
}

const table = (out: Page, told: readonly Way[], { cells, names, gap }: Columns): void => {
  const between = " ".repeat(gap);
  const padded = STAGES.map((stage, index) => stage.padEnd(cells[index] ?? 0));
  out.line(`${" ".repeat(INDENT)}${"secret".padEnd(names)} ${padded.join(between)}`);
  for (const { secret, states } of told) {
    const words = states.map((state, index) => {
      const word = STATE_WORD[state];
      const rest = (cells[index] ?? 0) - word.length + gap;
      const isPassed = gap === 2 && state === "ok" && isReached(states[index + 1]);
      return `${painted(out, state)}${isPassed ? out.paint.dim(arrow(rest)) : " ".repeat(rest)}`;
    });
    out.line(`${" ".repeat(INDENT)}${clipped(secret, names).padEnd(names)} ${words.join("")}`);
  }
};

const arrow = (length: number): string => ` ${"─".repeat(Math.max(1, length - 3))}▶ `;

const isReached = (state: State | undefined): boolean =>
  state === "ok" || state === "broken" || state === "unknown";

const painted = ({ paint }: Page, state: State): string => {
  const word = STATE_WORD[state];
  if (state === "broken") return paint.red.bold(word);
  if (state === "unknown") return paint.yellow(word);
  return state === "ok" ? paint.green(word) : word;
};

/** Where a table has no room. */
const sentences = (out: Page, told: readonly Way[]): void => {
  for (const { secret, states } of told) {
    const stages = STAGES.flatMap((stage: Stage, index) => {
      const state = states[index] ?? "unknown";
      return state === "not-reached" ? [] : [`${stage} ${painted(out, state)}`];
    });
    out.paragraph(`${secret}: ${stages.join(", ")}`, "  ", "    ");
  }
};

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
