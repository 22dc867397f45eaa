import * as v from "valibot";
import { RULES } from "../rules/index.ts";
import { parseVmName, type RuleGroup, type RuleId } from "../vocabulary.ts";
import type { Suppressions } from "./suppression.ts";

const IDS: ReadonlySet<string> = new Set(RULES.map(({ id }) => id));
const GROUPS: ReadonlySet<string> = new Set(
  RULES.map(({ id }) => `${id.slice(0, id.indexOf("/"))}/*`),
);

const isRule = (text: string): text is RuleId | `${RuleGroup}/*` =>
  IDS.has(text) || GROUPS.has(text);

const isDay = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
};

const words = v.pipe(v.string(), v.trim(), v.nonEmpty("it is empty"));

/** Exact keys: a misspelt one must not make a suppression wider than was meant. */
const suppression = v.strictObject({
  rule: v.custom<RuleId | `${RuleGroup}/*`>(
    (value) => typeof value === "string" && isRule(value),
    ({ input }) => `${JSON.stringify(input)} is neither a rule nor a group such as access/*`,
  ),
  vm: v.exactOptional(
    v.pipe(
      v.string(),
      v.transform(parseVmName),
      v.custom<NonNullable<ReturnType<typeof parseVmName>>>(
        (name) => name !== undefined,
        "it is no name of a VM",
      ),
    ),
  ),
  path: v.exactOptional(v.pipe(words, v.startsWith("/", "it does not begin with /"))),
  reason: words,
  until: v.pipe(
    v.string(),
    v.check(isDay, ({ input }) => `${JSON.stringify(input)} is no day such as 2026-12-31`),
  ),
});

const config = v.pipe(
  v.custom<object>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "it is no object",
  ),
  v.strictObject({ suppress: v.exactOptional(v.array(suppression), []) }),
);

export type ParsedSuppressions =
  | { readonly status: "parsed"; readonly suppressions: Suppressions }
  | { readonly status: "malformed"; readonly message: string };

/** Takes the text of a configuration file and its name; gives what it suppresses, or where it is wrong and how. */
export const parseSuppressions = (text: string, file: string): ParsedSuppressions => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return malformed(file, `it is no JSON${placeIn(error)}`);
  }
  const parsed = v.safeParse(config, json, { abortEarly: true });
  if (parsed.success)
    return { status: "parsed", suppressions: { file, entries: parsed.output.suppress } };
  const [issue] = parsed.issues;
  return malformed(file, `${placeOf(issue.path)}${complaintOf(issue)}`);
};

const malformed = (file: string, why: string): ParsedSuppressions => ({
  status: "malformed",
  message: `${file} cannot be used: ${why}`,
});

/** The place alone: the words of JSON.parse quote the file, which may be another one than was meant. */
const placeIn = (error: unknown): string => {
  const place = error instanceof Error ? /\(line \d+ column \d+\)/u.exec(error.message) : null;
  return place === null ? "" : ` ${place[0]}`;
};

type Issue = v.InferIssue<typeof config>;

/** `suppress[1].until: `, counted as in JSON. */
const placeOf = (path: Issue["path"]): string => {
  const place = (path ?? [])
    .map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./u, "");
  return place === "" ? "" : `${place}: `;
};

const complaintOf = (issue: Issue): string => {
  if (issue.type === "strict_object" && issue.expected === "never") return "there is no such key";
  if (issue.type === "strict_object" && issue.received === "undefined") return "it is missing";
  if (issue.type === "strict_object") return "it is no object";
  if (issue.type === "string") return "it is no text";
  if (issue.type === "array") return "it is no list";
  return issue.message;
};
