import { plain } from "../words.ts";

export interface Message {
  readonly text: string;
}

/**
 * Words as a message in plain text. Braces are doubled, since single ones hold a place (SARIF 3.11.5), and what looks like a link is
 * kept from being one (3.11.6): most of these words come from the host.
 */
export const message = (words: string): Message => ({
  text: plain(words)
    .replaceAll(/[{}]/gu, "$&$&")
    .replaceAll(/\[(?=[^\]]*\]\()/gu, String.raw`\[`),
});
