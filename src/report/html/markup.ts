const MARKUP: unique symbol = Symbol("markup");

/** Text that a page may hold as it is: it came out of `markup`, which escapes, or is the project's own. */
export interface SafeHtml {
  readonly [MARKUP]: string;
}

/** What may stand in a template; text is escaped, nothing is nothing. */
export type Content = SafeHtml | string | number | undefined | readonly Content[];

/**
 * HTML from a template. All that is put in is escaped for text and for an attribute in double quotes (WHATWG HTML, 13.1.2.3 and 13.1.4),
 * unless it is safe already; a template must hold no other place.
 */
export const markup = (template: TemplateStringsArray, ...contents: readonly Content[]): SafeHtml =>
  safe(
    template
      .map((piece, index) => `${piece}${index < contents.length ? textOf(contents[index]) : ""}`)
      .join(""),
  );

/** The page's text. */
export const htmlText = (html: SafeHtml): string => html[MARKUP];

/** Takes the project's own style and script, which hold no foreign text. */
export const ownText = (text: string): SafeHtml => safe(text);

const safe = (text: string): SafeHtml => ({ [MARKUP]: text });

const textOf = (content: Content): string => {
  if (content === undefined) return "";
  if (typeof content === "string") return escaped(content);
  if (typeof content === "number") return String(content);
  return isSafe(content) ? content[MARKUP] : content.map(textOf).join("");
};

const isSafe = (content: SafeHtml | readonly Content[]): content is SafeHtml => MARKUP in content;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/gu, (character) => ENTITIES[character] ?? "");
