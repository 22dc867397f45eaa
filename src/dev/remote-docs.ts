import { readFile, writeFile } from "node:fs/promises";
import { REMOTE_COMMANDS, sudoersPattern } from "../host/remote/remote-commands.ts";

const PAGE = new URL("../../docs/remote-hosts.md", import.meta.url);
const PROGRAMS = "/run/current-system/sw/bin";

/** What stands for itself in a pattern. */
const LITERAL = /^[\w,=-]+$/u;

const commandList = (): string =>
  REMOTE_COMMANDS.map(({ program, words, rest, purpose }) => {
    const shown = words.map((word) => (LITERAL.test(word) ? word : "..."));
    return `- \`${[program, ...shown, ...(rest === undefined ? [] : ["..."])].join(" ")}\`: ${purpose}`;
  }).join("\n");

/** Entries of sudoers(5) for one user: these commands and nothing else, by the path that NixOS has them under. */
export const sudoersEntries = (user: string, programs = PROGRAMS): string =>
  REMOTE_COMMANDS.map(
    (command) =>
      `${user} ALL=(root) NOPASSWD: ${programs}/${command.program} ${sudoersPattern(command)}`,
  ).join("\n");

/** The generated parts of docs/remote-hosts.md, by the name in their marks. */
const PARTS: Readonly<Record<string, () => string>> = {
  commands: commandList,
  sudoers: () => `\`\`\`text\n${sudoersEntries("mvdoctor")}\n\`\`\``,
};

/** A page with its generated parts made anew. */
export const withGeneratedParts = (page: string): string =>
  Object.entries(PARTS).reduce(
    (text, [name, part]) =>
      text.replace(
        new RegExp(`(?<=<!-- ${name}:[^\n]*-->\n\n).*?(?=\n\n<!-- end of ${name} -->)`, "su"),
        part,
      ),
    page,
  );

if (import.meta.main) {
  await writeFile(PAGE, withGeneratedParts(await readFile(PAGE, "utf8")));
}
