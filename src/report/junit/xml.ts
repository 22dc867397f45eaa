/** Text that is safe inside of an element: made by `text` and `element` alone. */
export type Xml = string & { readonly xml: true };

type Attributes = Readonly<Record<string, string | number | undefined>>;

export const xmlDocument = (root: Xml): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;

/** An element on lines of its own; attributes without a value are left out. Children that are words stand right between its tags. */
export const element = (
  name: string,
  attributes: Attributes,
  children: readonly Xml[] = [],
): Xml => {
  const tag = `${name}${Object.entries(attributes)
    .flatMap(([key, value]) =>
      value === undefined ? [] : [` ${key}="${escaped(String(value), IN_ATTRIBUTE)}"`],
    )
    .join("")}`;
  const inner = children.join("");
  if (inner === "") return safe(`<${tag}/>\n`);
  if (!inner.startsWith("<")) return safe(`<${tag}>${inner}</${name}>\n`);
  return safe(`<${tag}>\n${inner.replaceAll(/^(?= *<)/gmu, "  ")}</${name}>\n`);
};

/** Words between tags. */
export const text = (words: string): Xml => safe(escaped(words, IN_TEXT));

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that says so
const safe = (markup: string): Xml => markup as Xml;

const IN_TEXT = /[&<>\r]/gu;
const IN_ATTRIBUTE = /[&<>"\t\n\r]/gu;

/** Everything outside of Char in XML 1.0 (2.2): no reference may name it either. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const escaped = (words: string, special: RegExp): string =>
  words
    .replaceAll(FORBIDDEN, "\u{FFFD}")
    .replaceAll(special, (character) => `&#${character.codePointAt(0) ?? 0};`);
