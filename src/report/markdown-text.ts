import { proseParts } from "./prose-parts.ts";
import { plain } from "./words.ts";

/** A bulleted list. */
export const list = (items: readonly string[]): string =>
  items.map((item) => `- ${item}`).join("\n");

/** Foreign text in prose: what Markdown or HTML would take for markup is shown as it is. Paths and settings become code. */
export const prose = (text: string): string => withCode(text, code);

/** Foreign text in a cell of a table, which a bar would end in code, too. */
export const cell = (text: string): string =>
  withCode(plain(text), (inside) => code(inside).replaceAll("|", String.raw`\|`));

const withCode = (text: string, asCode: (inside: string) => string): string =>
  proseParts(text)
    .map((part) =>
      part.kind === "code"
        ? asCode(part.text)
        : part.text.replaceAll(/[\\*_[\]<>|#~`]/gu, String.raw`\$&`).replaceAll("&", "&amp;"),
    )
    .join("");

/** A code span whatever is in it (CommonMark 6.1): longer fences than any run of backticks inside. */
export const code = (text: string): string => {
  const longest = Math.max(0, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
};

/** A block of code, with a fence that nothing in it closes. */
export const fenced = (text: string, language = ""): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
};
