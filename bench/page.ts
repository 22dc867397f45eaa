/** What was found out as Markdown: the goals first, then a table for each part. */
import type { Goal, Section } from "./section.ts";

/** What a reader has to know of the tables. */
export const INTRODUCTION = `# Benchmarks

    npm run bench

writes this page, in half an hour or more. \`npm run bench -- diagnose --runs 3 --entries 100000\` prints a part of it (\`start-up\`, \`diagnose\`,
\`timeline\`, \`memory\`, \`bundle\`, \`list\`, \`store\`) for smaller journals; \`npm run bench -- --gate\` is what CI asks: a few small
measurements against limits in \`bench/gate.ts\`.

What is compared runs in turns, one program after the other and then all again, on files that are in memory. Numbers are medians. "Processor" is the
time on all processors, of the program and everything that it started; "wall" is the time that somebody waits. What is printed is thrown away.

A journal \`100k-of-1m\` has a million entries, and 100,000 of them are of the crash loop of one VM: 6 lines and one invocation every 5.25 s, with all
fields that systemd 257 gives an entry. The others come from 300 units. \`node bench/journals.ts 100k-of-1m\` makes it, the same one on every machine,
and prints its directory. \`journalctl\` is asked with the matches that mvdoctor uses for a VM, unless it says "everything".
`;

/** One part. */
export const sectionText = ({ title, text, head, rows }: Section): string =>
  [`## ${title}`, "", text, "", ...table(head, rows), ""].join("\n");

/** The goals of all parts, with those that were missed said so. */
export const goalsText = (goals: readonly Goal[]): string =>
  [
    "## Goals",
    "",
    ...table(
      ["goal", "measured", "of processors", "allowed", "reached"],
      goals.map(({ says, measured, ofProcessors = "-", allowed, isReached }) => [
        says,
        measured,
        ofProcessors,
        allowed,
        isReached ? "yes" : "**no**",
      ]),
    ),
    "",
  ].join("\n");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`);

const cell = (text: string): string => text.replaceAll("|", String.raw`\|`);
