import { plain } from "./words.ts";

const LONGEST = 160;

/**
 * Foreign text in a label of Mermaid. All but letters, digits and harmless marks becomes an entity code, so that no text ends a label,
 * begins a comment or is taken for markup (mermaid.js.org, "Entity codes to escape characters").
 */
export const label = (text: string): string => {
  const words = shortPaths(plain(text));
  const cut = words.length > LONGEST ? `${words.slice(0, LONGEST - 3)}...` : words;
  return cut.replaceAll(
    /[^A-Za-z0-9 ,./()-]/gu,
    (character) => `#${character.codePointAt(0) ?? 32};`,
  );
};

/** A store path without most of its hash: a box has no room for 32 digits that nobody reads there. */
const shortPaths = (text: string): string =>
  text.replaceAll(/\/nix\/store\/(?<start>[0-9a-z]{4})[0-9a-z]{28}-/gu, "/nix/store/$<start>...-");

/** A diagram as GitHub and GitLab draw it. */
export const diagram = (lines: readonly string[]): string =>
  ["```mermaid", ...lines, "```"].join("\n");
