/**
 * `npm run bench -- [PART...] [--runs N] [--entries N] [--gate]`: measures mvdoctor next to what it is built on, in turns, and prints medians
 * as Markdown. Without a part: all of them, into docs/benchmarks.md.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { execa } from "execa";

import { replaying } from "./bundle.ts";

import { LIMITS, limitsHold } from "./gate.ts";
import { listing } from "./list.ts";
import { machine } from "./machine.ts";
import { remembering } from "./memory.ts";
import { goalsText, INTRODUCTION, sectionText } from "./page.ts";
import { diagnosing, tellingTime } from "./reading.ts";
import type { Effort, Section } from "./section.ts";
import { startUp } from "./start-up.ts";
import { diagnosingInStore } from "./store.ts";

/** A part that cannot be measured here answers with a sentence that says why. */
const PARTS: Readonly<Record<string, (effort: Effort) => Promise<Section | string>>> = {
  "start-up": startUp,
  diagnose: diagnosing,
  timeline: tellingTime,
  memory: remembering,
  bundle: replaying,
  list: listing,
  store: diagnosingInStore,
};

const RUNS = 5;
const MOST_ENTRIES = 1_000_000;

const measure = async (parts: readonly string[], effort: Effort): Promise<string> => {
  const where = await machine();
  const sections: (Section | string)[] = [];
  for (const part of parts) sections.push(await measurePart(part, effort));
  const goals = sections.flatMap((section) => (typeof section === "string" ? [] : section.goals));
  const runs = effort.runs === 1 ? "1 run" : `${effort.runs} runs`;
  const most = `journals of at most ${effort.mostEntries} entries`;
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)}, ${runs}, ${most}: ${where}\n`,
    ...(goals.length === 0 ? [] : [goalsText(goals)]),
    ...sections.map((section) =>
      typeof section === "string" ? `${section}\n` : sectionText(section),
    ),
  ].join("\n");
};

/** Half an hour of other parts is not lost where one fails. */
const measurePart = async (part: string, effort: Effort): Promise<Section | string> => {
  try {
    return (await PARTS[part]?.(effort)) ?? `There is no part ${part}.`;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    return `\`${part}\` could not be measured: ${error instanceof Error ? error.message : String(error)}`;
  }
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: String(RUNS) },
    entries: { type: "string", default: String(MOST_ENTRIES) },
    gate: { type: "boolean", default: false },
  },
});
const effort: Effort = { runs: Number(values.runs), mostEntries: Number(values.entries) };
const unknown = positionals.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0 || !(effort.runs >= 1) || !(effort.mostEntries >= 1)) {
  console.error(
    `usage: npm run bench -- [${Object.keys(PARTS).join("|")}] [--runs N] [--entries N] [--gate]`,
  );
  process.exitCode = 2;
} else if (values.gate) {
  process.exitCode = (await limitsHold(LIMITS, console.log)) ? 0 : 1;
} else if (positionals.length > 0) {
  console.log(await measure(positionals, effort));
} else {
  const page = join(import.meta.dirname, "../docs/benchmarks.md");
  await writeFile(page, `${INTRODUCTION}\n${await measure(Object.keys(PARTS), effort)}`);
  await execa("oxfmt", [page], { preferLocal: true });
}
