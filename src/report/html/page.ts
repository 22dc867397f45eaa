import { createHash } from "node:crypto";
import { printable } from "../printable.ts";
import { SCRIPT, STYLE } from "./client.ts";
import { htmlText, markup, ownText, type SafeHtml } from "./markup.ts";
import { shapes } from "./shapes.ts";

interface Page {
  /** In plain text. */
  readonly title: string;
  readonly body: SafeHtml;
}

/**
 * A document in one file. Its policy lets nothing in but its own style and script, by their hashes (CSP Level 3, 2.3.1), and lets the script
 * write no markup (Trusted Types).
 */
export const document = ({ title, body }: Page): string =>
  printable(
    htmlText(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${ownText(STYLE)}</style>
</head>
<body>
${shapes}${body}<script>${ownText(SCRIPT)}</script>
</body>
</html>
`),
    { colour: false },
  );

const hashOf = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");
