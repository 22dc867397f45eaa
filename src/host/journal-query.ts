import { micros, type Micros } from "../vocabulary.ts";

/** Conditions that all hold for an entry: each field has one of the values. Without any it takes every entry. */
export type Alternative = ReadonlyMap<string, readonly string[]>;

/** What `--boot` takes: `offset` boots behind the boot `id`, or, without one, behind the last (0, -1, ...) or before the first (1, 2, ...). */
export interface BootChoice {
  readonly id?: string;
  readonly offset: number;
}

/** What journalctl is asked for, as far as mvdoctor asks it. */
export type JournalQuery =
  | {
      readonly kind: "entries";
      readonly alternatives: readonly [Alternative, ...Alternative[]];
      readonly since?: Micros;
      readonly until?: Micros;
      readonly boot?: BootChoice;
      readonly isReverse: boolean;
      /** The newest so many entries. */
      readonly lines?: number;
      readonly grep?: RegExp;
    }
  | { readonly kind: "values"; readonly field: string }
  | { readonly kind: "boots" };

export type ParsedQuery =
  | { readonly status: "parsed"; readonly query: JournalQuery }
  | { readonly status: "unknown"; readonly argument: string };

/**
 * Takes arguments of journalctl, gives the query that they mean; the first argument that is none of the few that mvdoctor uses is
 * named. Matches of one field are alternatives, of several fields conditions, and `+` separates alternatives (journalctl(1)).
 */
export const parseJournalQuery = (args: readonly string[]): ParsedQuery => {
  const wish: Wish = { options: new Map(), matches: [] };
  const unknown = args.find((argument) => !isTaken(argument, wish));
  if (unknown !== undefined) return { status: "unknown", argument: unknown };
  const { options, matches } = wish;
  if (matches.some((match, index) => match === "+" && !isBetween(matches, index)))
    return { status: "unknown", argument: "a + that stands between no matches" };
  const output = options.get("output");
  const field = options.get("field");
  if (field !== undefined) return parsed({ kind: "values", field });
  if (options.has("list-boots"))
    return output === "json" ? parsed({ kind: "boots" }) : unknownOutput(output);
  const lines = options.get("lines");
  if (output !== "json" && lines !== "0") return unknownOutput(output);
  const grep = patternOf(options);
  if (grep === "unknown") return { status: "unknown", argument: `--grep=${options.get("grep")}` };
  const [since, until, boot] = ["since", "until", "boot"].map((name) => options.get(name));
  // Which end of a span --lines counts from differs between versions of journalctl.
  if (lines !== undefined && (since ?? until ?? grep) !== undefined)
    return { status: "unknown", argument: `--lines=${lines} with a span or a pattern` };
  return parsed({
    kind: "entries",
    alternatives: alternativesOf(matches),
    isReverse: options.has("reverse"),
    ...(since === undefined ? {} : { since: timeOf(since) }),
    ...(until === undefined ? {} : { until: timeOf(until) }),
    ...(boot === undefined ? {} : { boot: bootOf(boot) }),
    ...(lines === undefined ? {} : { lines: Number(lines) }),
    ...(grep === undefined ? {} : { grep }),
  });
};

interface Wish {
  readonly options: Map<string, string>;
  readonly matches: string[];
}

const parsed = (query: JournalQuery): ParsedQuery => ({ status: "parsed", query });

const unknownOutput = (output: string | undefined): ParsedQuery => ({
  status: "unknown",
  argument: output === undefined ? "no --output=" : `--output=${output}`,
});

/** The options that are known, each with what its value looks like. */
const OPTIONS: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    output: /^(?:json|short)$/u,
    all: /^$/u,
    since: /^@\d{1,12}(?:\.\d{1,6})?$/u,
    until: /^@\d{1,12}(?:\.\d{1,6})?$/u,
    boot: /^(?:[-+]?\d{1,6}|[0-9a-f]{32}(?:[-+]\d{1,6})?)$/u,
    reverse: /^$/u,
    lines: /^\d{1,9}$/u,
    field: /^[A-Z0-9_]{1,64}$/u,
    "list-boots": /^$/u,
    grep: /[\s\S]/u,
    "case-sensitive": /^$/u,
  }),
);

const OPTION = /^--(?<name>[a-z-]+)(?:=(?<value>[\s\S]*))?$/u;
const MATCH = /^[A-Z0-9_]{1,64}=/u;

const isTaken = (argument: string, { options, matches }: Wish): boolean => {
  if (argument === "+" || MATCH.test(argument)) {
    matches.push(argument);
    return true;
  }
  const { name = "", value = "" } = OPTION.exec(argument)?.groups ?? {};
  if (OPTIONS.get(name)?.test(value) !== true) return false;
  options.set(name, value);
  return true;
};

const isBetween = (matches: readonly string[], index: number): boolean =>
  [matches[index - 1], matches[index + 1]].every((match) => match !== undefined && match !== "+");

/** Reads digits, not a double: a time in microseconds has sixteen of them, and a product would round. */
const timeOf = (text: string): Micros => {
  const [seconds = "", fraction = ""] = text.slice(1).split(".");
  return micros(Number(`${seconds}${fraction.padEnd(6, "0")}`));
};

const bootOf = (text: string): BootChoice => {
  const id = /^[0-9a-f]{32}/u.exec(text)?.[0];
  return { ...(id === undefined ? {} : { id }), offset: Number(text.slice(id?.length ?? 0)) };
};

/** journalctl takes a pattern of PCRE2; case counts where it is asked for or where the pattern has a capital (journalctl(1), --grep). */
const patternOf = (options: ReadonlyMap<string, string>): RegExp | undefined | "unknown" => {
  const pattern = options.get("grep");
  if (pattern === undefined) return undefined;
  try {
    const isSensitive = options.has("case-sensitive") || pattern !== pattern.toLowerCase();
    return new RegExp(pattern, isSensitive ? "u" : "iu");
  } catch {
    return "unknown";
  }
};

const alternativesOf = (matches: readonly string[]): readonly [Alternative, ...Alternative[]] => {
  const alternatives: Map<string, string[]>[] = [];
  let current: Map<string, string[]> | undefined;
  for (const match of matches) {
    if (match === "+") {
      current = undefined;
      continue;
    }
    if (current === undefined) {
      current = new Map();
      alternatives.push(current);
    }
    const at = match.indexOf("=");
    const field = match.slice(0, at);
    current.set(field, [...(current.get(field) ?? []), match.slice(at + 1)]);
  }
  const [first = new Map<string, string[]>(), ...rest] = alternatives;
  return [first, ...rest];
};
