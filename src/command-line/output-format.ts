import { extname } from "node:path";
import { EXIT } from "./exit-status.ts";
import { ExpectedError } from "./expected-error.ts";

export const FORMATS = ["text", "markdown", "json", "html"] as const;
export type Format = (typeof FORMATS)[number];

const FORMAT_OF_EXTENSION: Readonly<Record<string, Format>> = {
  ".txt": "text",
  ".md": "markdown",
  ".markdown": "markdown",
  ".json": "json",
  ".html": "html",
  ".htm": "html",
};

/** What the catalogue of rules comes in: its pages are those of docs/rules. */
export const CATALOGUE_FORMATS = ["text", "markdown", "json"] as const;
type CatalogueFormat = (typeof CATALOGUE_FORMATS)[number];

interface FormatFlags<Output extends string> {
  readonly output: Output | undefined;
  readonly json: boolean;
  readonly "output-file": string | undefined;
  readonly emoji?: boolean;
}

/**
 * The format that the output flags ask for: `-o` and `--json` first, then the extension of the file, then `fallback`. A command may have
 * formats of its own.
 */
export const chosenFormat = <Output extends string>(
  flags: FormatFlags<Output>,
  fallback: Format,
): Format | Output => {
  const format = formatOf(flags, fallback);
  if (flags.emoji === true && format !== "markdown") {
    throw new ExpectedError(`--emoji is for Markdown, and this is ${format}`, {
      exitCode: EXIT.usage,
      hint: "-o markdown asks for it",
    });
  }
  return format;
};

/** The same for the catalogue. */
export const chosenCatalogueFormat = (
  flags: FormatFlags<CatalogueFormat>,
  fallback: CatalogueFormat,
): CatalogueFormat => {
  const format = chosenFormat(flags, fallback);
  if (format === "html") {
    throw new ExpectedError(`rules come as ${CATALOGUE_FORMATS.join(", ")}, and not as html`, {
      exitCode: EXIT.usage,
    });
  }
  return format;
};

const formatOf = <Output extends string>(
  flags: FormatFlags<Output>,
  fallback: Format,
): Format | Output => {
  if (flags.json && flags.output !== undefined && flags.output !== "json") {
    throw new ExpectedError(`--json cannot be used with --output=${flags.output}`, {
      exitCode: EXIT.usage,
    });
  }
  if (flags.json) return "json";
  if (flags.output !== undefined) return flags.output;
  return FORMAT_OF_EXTENSION[extname(flags["output-file"] ?? "").toLowerCase()] ?? fallback;
};

/** Whether the arguments ask for JSON on stdout; for failures that come before the arguments are understood. */
export const asksForJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags.some(
    (flag, index) =>
      /^(?:--json|--output=json|-o=?json)$/u.test(flag) ||
      (/^(?:--output|-o)$/u.test(flag) && flags[index + 1] === "json"),
  );
};
