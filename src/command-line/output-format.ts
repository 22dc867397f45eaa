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

/** Formats in which programs of others take judgements: code scanning, test results, monitoring. */
const INTERCHANGE_FORMATS = ["sarif", "junit", "prometheus"] as const;
type InterchangeFormat = (typeof INTERCHANGE_FORMATS)[number];

/** What a command that judges comes in. */
export const JUDGEMENT_FORMATS = [...FORMATS, ...INTERCHANGE_FORMATS] as const;

export const isInterchange = (format: string): format is InterchangeFormat =>
  INTERCHANGE_FORMATS.some((one) => one === format);

const INTERCHANGE_OF_EXTENSION: Readonly<Record<string, InterchangeFormat>> = {
  ".sarif": "sarif",
  ".xml": "junit",
  ".prom": "prometheus",
};

interface FormatFlags<Output extends string> {
  readonly output: Output | undefined;
  readonly json: boolean;
  readonly "output-file": string | undefined;
  readonly emoji?: boolean;
}

/**
 * The format that the output flags ask for: `-o` and `--json` first, then the extension of the file, then `fallback`. A command may have
 * formats of its own; those of `offered` have an extension.
 */
export const chosenFormat = <Output extends string>(
  flags: FormatFlags<Output>,
  fallback: Format,
  offered: readonly Output[] = [],
): Format | Output => {
  const format = formatOf(flags, fallback, offered);
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
  offered: readonly Output[],
): Format | Output => {
  if (flags.json && flags.output !== undefined && flags.output !== "json") {
    throw new ExpectedError(`--json cannot be used with --output=${flags.output}`, {
      exitCode: EXIT.usage,
    });
  }
  if (flags.json) return "json";
  if (flags.output !== undefined) return flags.output;
  const extension = extname(flags["output-file"] ?? "").toLowerCase();
  return FORMAT_OF_EXTENSION[extension] ?? offeredFor(extension, offered) ?? fallback;
};

/** A file for another program must not be filled with a page for people. */
const offeredFor = <Output extends string>(
  extension: string,
  offered: readonly Output[],
): Output | undefined => {
  const asked = INTERCHANGE_OF_EXTENSION[extension];
  if (asked === undefined) return undefined;
  const found = offered.find((one) => one === asked);
  if (found === undefined) {
    throw new ExpectedError(`${extension} asks for ${asked}, which this command does not write`, {
      exitCode: EXIT.usage,
      hint: "diagnose, report and check write it; -o names another format",
    });
  }
  return found;
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
