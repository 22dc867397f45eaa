import * as v from "valibot";
import type { Severity, Stage } from "../../vocabulary.ts";

/** What is written for a schema: its type, with everything readonly. */
export type Written<Schema extends v.GenericSchema> = Frozen<v.InferInput<Schema>>;

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

export const text = (description: string) => v.pipe(v.string(), v.description(description));

// JSON Schema knows no flags of a pattern.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
const EVIDENCE = /^e[1-9]\d*$/;
const LINE = /^c[1-9]\d*$/;
const RULE = /^[a-z]+\/[a-z0-9-]+$/;

export const time = (description: string) =>
  v.pipe(
    v.string(),
    v.regex(TIME),
    v.description(`${description} RFC 3339, UTC, with microseconds.`),
  );

export const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));

export const flag = (description: string) => v.pipe(v.boolean(), v.description(description));

export const list = <Item extends v.GenericSchema>(item: Item, description: string) =>
  v.pipe(v.array(item), v.description(description));

export const oneOf = <const Words extends readonly string[]>(words: Words, description: string) =>
  v.pipe(v.picklist(words), v.description(description));

export const ruleId = v.pipe(
  v.string(),
  v.regex(RULE),
  v.description("The id of a rule: `mvdoctor explain ID` tells of it."),
);

export const evidenceId = v.pipe(
  v.string(),
  v.regex(EVIDENCE),
  v.description("The id of a piece of evidence, in the list `evidence`."),
);

export const lineId = v.pipe(
  v.string(),
  v.regex(LINE),
  v.description("The id of a line of `coverage.ledger`."),
);

export const evidenceIds = list(evidenceId, "What it rests on.");

export const hostOfSeveral = v.exactOptional(
  text("The host that it belongs to. Only where several hosts were looked at."),
);

// Words and not the lists of the vocabulary: a chunk that holds those is loaded by every command.
export const severity = oneOf(
  ["critical", "error", "warning", "info"] satisfies readonly Severity[],
  "How bad it is, the worst first. `--fail-on` compares with it.",
);

export const stage = oneOf(
  ["source", "access", "credentials", "runner", "hypervisor", "guest"] satisfies readonly Stage[],
  "A stage of a secret's way from the host into the guest.",
);

const state = oneOf(
  ["ok", "broken", "unknown", "not-reached", "not-configured"],
  "`not-reached` where an earlier stage is broken.",
);

/** The way of one secret. */
export const secretStages = v.pipe(
  v.object({
    secret: text("The name of the secret."),
    stages: v.pipe(
      v.object({
        source: state,
        access: state,
        credentials: state,
        runner: state,
        hypervisor: state,
        guest: state,
      }),
      v.description("The state of each stage, in the order of the way."),
    ),
  }),
  v.title("The way of one secret"),
);
