/** One command line of a page, and what the page shows of its output. */
export interface ShownCommand {
  readonly page: string;
  readonly line: string;
  /** The lines below it, where the page shows any; "..." stands for any lines. */
  readonly output: readonly string[] | undefined;
}

const COMMAND =
  /^(?:sudo )?(?:mvdoctor|npm|npx|node|nix|journalctl|systemctl|ssh|scp|tar|cp|man)\b/u;

/**
 * The command lines of a page of Markdown: indented blocks, fenced blocks of sh, what stands behind "$" in blocks of console, and calls of
 * mvdoctor in the middle of a sentence.
 */
export const commandsOf = (page: string, text: string): readonly ShownCommand[] => [
  ...indented(text).map((line) => ({ page, line, output: undefined })),
  ...fenced(text, "sh")
    .flatMap((block) => block.split("\n"))
    .map((line) => ({ page, line, output: undefined })),
  ...fenced(text, "console").flatMap((block) => dialogue(page, block)),
  ...inSentences(text).map((line) => ({ page, line, output: undefined })),
];

const FENCE = /^```(?<language>\w*)\n(?<block>.*?)\n```$/gmsu;

const fenced = (text: string, wanted: string): readonly string[] =>
  [...text.matchAll(FENCE)].flatMap(({ groups: { language, block } = {} }) =>
    language === wanted && block !== undefined ? [block] : [],
  );

const indented = (text: string): readonly string[] =>
  text
    .replaceAll(FENCE, "")
    .split("\n")
    .flatMap((line) => /^ {4}(?<command>\S.*)$/u.exec(line)?.groups?.["command"] ?? [])
    .filter((line) => COMMAND.test(line));

const inSentences = (text: string): readonly string[] =>
  [...text.replaceAll(FENCE, "").matchAll(/`(?<command>mvdoctor [^`]+)`/gu)].flatMap(
    ({ groups }) => groups?.["command"] ?? [],
  );

const dialogue = (page: string, block: string): readonly ShownCommand[] =>
  block
    .split(/^\$ /mu)
    .slice(1)
    .map((part) => {
      const [line = "", ...output] = part.trimEnd().split("\n");
      return { page, line, output };
    });

/** Whether a program printed what a page shows of it. */
export const isShown = (shown: readonly string[], printed: string): boolean => {
  const pattern = shown
    .map((line) => (line === "..." ? String.raw`(?:.*\n)*?` : `${escaped(line)}\n`))
    .join("");
  return new RegExp(`^${pattern}$`, "u").test(printed.endsWith("\n") ? printed : `${printed}\n`);
};

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
