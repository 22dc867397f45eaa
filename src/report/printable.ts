/** Control characters but the end of a line, marks that turn the direction of text, and line breaks that are none of ours. */
export const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** What stands behind an escape in Select Graphic Rendition (ECMA-48): the colours of our own. */
const COLOUR = /\[[\d;]{0,16}m/uy;

/** A page without what could move a terminal's cursor or turn its text; whatever of others came so far goes here. */
export const printable = (page: string, { colour }: { readonly colour: boolean }): string =>
  page.replaceAll(UNPRINTABLE, (character, index: number) => {
    if (character === "\n") return character;
    COLOUR.lastIndex = index + 1;
    return colour && character === "\u001B" && COLOUR.test(page) ? character : "";
  });

/**
 * A document as JSON. What a terminal would act on stands in it as an escape of four hex digits (RFC 8259, 7), so that a path or a cursor
 * keeps its value and the text may still be looked at.
 */
export const jsonText = (document: unknown): string => escaped(document, 2);

/** The same in one line. */
export const jsonLine = (document: unknown): string => escaped(document, 0);

const escaped = (document: unknown, indentation: number): string =>
  `${JSON.stringify(document, undefined, indentation).replaceAll(UNPRINTABLE, (character) =>
    character === "\n"
      ? character
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  )}\n`;
